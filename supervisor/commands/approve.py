"""``approve``: answer what an agent asks."""

import argparse
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from supervisor.client import Client, connect
from supervisor.commands import find, say
from supervisor.core.errors import Refused, WrongUse


def add_approve(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """``approve [ID] [--deny] [--reason R] [--answer A]… [--json]``."""
    parser.add_argument("id", nargs="?", help="the session that asks; without it all questions are listed")
    parser.add_argument("--deny", action="store_true", help="say no")
    parser.add_argument("--reason", help="why not, for the agent")
    parser.add_argument(
        "--answer", action="append", default=[], metavar="A", help="an answer to each question"
    )
    parser.add_argument("--question", metavar="ID", help="which of several questions")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return _approve


def _approve(options: argparse.Namespace) -> int:
    client = connect()
    if options.id is None:
        return _list(client, as_json=options.json)
    asked = _question(client, options)
    body = {"digest": asked["digest"], **_decision(asked, options)}
    client.post(f"/api/approvals/{quote(asked['id'], safe='')}", body)
    print("Denied." if options.deny else "Answered." if options.answer else "Allowed once.")
    return 0


def _list(client: Client, *, as_json: bool) -> int:
    answer = client.get("/api/approvals")
    if as_json:
        say.document(answer)
        return 0
    if not answer["approvals"]:
        print("Nothing is asked.")
    for asked in answer["approvals"]:
        _show(asked)
    return 0


def _question(client: Client, options: argparse.Namespace) -> dict[str, Any]:
    session = find.session(client, options.id)
    asked = [
        one for one in session["approvals"] if not options.question or one["id"].startswith(options.question)
    ]
    if not asked:
        raise Refused("It asks nothing.", "See: wakeline approve")
    if len(asked) > 1:
        ids = ", ".join(one["id"][:8] for one in asked)
        raise WrongUse(f"It asks {len(asked)} things.", f"Say which: --question {ids}")
    _show(asked[0])
    return dict(asked[0])


def _decision(asked: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    if options.deny:
        return {"decision": "deny", **({"reason": options.reason} if options.reason else {})}
    if not asked["questions"]:
        if options.answer:
            raise WrongUse("It asks for a yes or a no.", "Leave --answer out, or say --deny.")
        return {"decision": "allow"}
    if len(options.answer) != len(asked["questions"]):
        raise WrongUse(
            f"It wants {len(asked['questions'])} answers.", "One --answer each; several choices with commas."
        )
    pairs = zip(asked["questions"], options.answer, strict=True)
    return {"decision": "answer", "answers": {q["text"]: _chosen(q, words) for q, words in pairs}}


def _chosen(question: dict[str, Any], words: str) -> list[str]:
    """A label, its number, or own words; several only where several may be chosen."""
    labels = [choice["label"] for choice in question["choices"]]
    parts = words.split(",") if question["many"] else [words]
    named = [part.strip() for part in parts]
    return [labels[int(p) - 1] if p.isdigit() and 0 < int(p) <= len(labels) else p for p in named]


def _show(asked: dict[str, Any]) -> None:
    """All of it: nobody should allow what was not shown."""
    head = f"{asked['session_id'][:8]}  {say.plain(asked['tool'] or asked['summary'])}"
    print(say.coloured(head, "1") + ("" if asked["answerable"] else "  (answer at the desk)"))
    for name in ("reason", "cwd"):
        if asked[name]:
            print(f"  {name}: {say.plain(asked[name])}")
    for text in (asked["text"], asked["diff"]):
        for line in (text or "").splitlines():
            print(f"  │ {say.plain(line)}")
    for question in asked["questions"]:
        print(f"  {say.plain(question['text'])}")
        for number, choice in enumerate(question["choices"], 1):
            about = f": {say.plain(choice['description'])}" if choice["description"] else ""
            print(f"    {number} {say.plain(choice['label'])}{about}")
