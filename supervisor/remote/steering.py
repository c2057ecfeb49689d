"""The paths by which sessions are steered: focus, prompts, keys, the terminal, approvals, processes.

Whoever asks is allowed to by its scope; whether it is possible now is the supervisor's answer.
"""

import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from hashlib import sha256
from typing import Any, Final

from supervisor.core import followup
from supervisor.core.errors import WrongUse
from supervisor.core.model import Scope
from supervisor.core.steering import DESK, LONGEST_PROMPT, Decision, Verdict
from supervisor.remote import access, wire
from supervisor.remote.backend import Who
from supervisor.remote.exchange import JSON, NOTHING, Answer, Ask, Carry, Refusal, json
from supervisor.remote.route import Rooms, Route

#: JSON makes a text longer: every character that it escapes is.
_PROMPT_BODY: Final = access.BODY_BYTES
_SMALL: Final = 4 * 1024
#: Answers in one's own words.
_DECISION_BODY: Final = 32 * 1024
#: What an agent says to its hook: whole files that it wants to write.
_HOOK_BODY: Final = access.LOCAL_BODY_BYTES
#: The longest way to say when: a time with its offset.
_WHEN: Final = 64
_KEYS: Final = 64
_LINES: Final = 200


async def take_focus(rooms: Rooms, ask: Ask) -> Answer:
    """Take the focus of a session: from now on this screen types, and nobody else."""
    focus = await rooms.backend.steer.take_focus(ask.found["id"], await _who(rooms, ask))
    return json({"focus": wire.focus(focus)})


async def give_focus(rooms: Rooms, ask: Ask) -> Answer:
    """Give the focus back."""
    await rooms.backend.steer.give_focus(ask.found["id"], await _who(rooms, ask))
    return NOTHING


async def prompt(rooms: Rooms, ask: Ask) -> Answer:
    """Give the agent a prompt, now or when what it waits for has come; once for each key."""
    fields = access.body_fields(ask.body, frozenset({"text", "when"}))
    text = access.text_field(fields, "text", LONGEST_PROMPT)
    when = followup.parse(access.text_field({"when": "now", **fields}, "when", _WHEN)).text
    given = await rooms.backend.steer.prompt(
        ask.found["id"], checked(text), when, await _who(rooms, ask), _order_id(ask)
    )
    return json({"command_id": given.id, "prompt": wire.prompt(given)}, 202)


async def given(rooms: Rooms, ask: Ask) -> Answer:
    """What has become of a prompt; known for a day."""
    found = await rooms.backend.steer.given(ask.found["id"], ask.found["prompt"])
    return json(wire.prompt(found))


async def cancel(rooms: Rooms, ask: Ask) -> Answer:
    """Take back a prompt that still waits."""
    await rooms.backend.steer.cancel(ask.found["id"], ask.found["prompt"])
    return NOTHING


async def change(rooms: Rooms, ask: Ask) -> Answer:
    """Give a prompt that still waits another text, or another time."""
    fields = access.body_fields(ask.body, frozenset({"text", "when"}))
    if not fields:
        raise WrongUse("Nothing is to be changed.", "Give text or when.")
    text = checked(access.text_field(fields, "text", LONGEST_PROMPT)) if "text" in fields else None
    when = followup.parse(access.text_field(fields, "when", _WHEN)).text if "when" in fields else None
    who = await _who(rooms, ask)
    changed = await rooms.backend.steer.change(ask.found["id"], ask.found["prompt"], text, when, who)
    return json(wire.prompt(changed))


async def prompts(rooms: Rooms, _ask: Ask) -> Answer:
    """All prompts that still wait or are on their way, of all sessions, oldest first."""
    return json({"prompts": [wire.prompt(one) for one in rooms.backend.steer.all_prompts()]})


async def keys(rooms: Rooms, ask: Ask) -> Answer:
    """Press keys in its terminal, by name, or type text; needs the focus."""
    fields = access.body_fields(ask.body, frozenset({"keys"}))
    pressed = fields.get("keys")
    if not isinstance(pressed, list) or not 0 < len(pressed) <= _KEYS:
        raise WrongUse("keys must be a list of names.", 'For example: ["text:ls", "Enter"]')
    names = [access.text_field({"key": key}, "key", 1024) for key in pressed]
    await rooms.backend.steer.keys(ask.found["id"], names, await _who(rooms, ask))
    return NOTHING


async def interrupt(rooms: Rooms, ask: Ask) -> Answer:
    """End the turn, by the agent's own key or channel."""
    await rooms.backend.steer.interrupt(ask.found["id"])
    return NOTHING


async def pause(rooms: Rooms, ask: Ask) -> Answer:
    """Stop all its processes where they are."""
    return json(await rooms.backend.steer.pause(ask.found["id"]))


async def go_on(rooms: Rooms, ask: Ask) -> Answer:
    """Let its processes go on."""
    return json(await rooms.backend.steer.go_on(ask.found["id"]))


async def stop(rooms: Rooms, ask: Ask) -> Answer:
    """End it: gently, then firmly; with left_behind also what it started and left."""
    fields = access.body_fields(ask.body, frozenset({"left_behind"}))
    return json(await rooms.backend.steer.stop(ask.found["id"], left_behind=_yes(fields, "left_behind")))


async def resume(rooms: Rooms, ask: Ask) -> Answer:
    """Bring it back by the agent's own command, in a terminal of ours."""
    return json({"terminal": await rooms.backend.steer.resume(ask.found["id"])})


async def take_over(rooms: Rooms, ask: Ask) -> Answer:
    """End it where it runs and bring it back in a terminal of ours; confirm where that cuts a turn off."""
    fields = access.body_fields(ask.body, frozenset({"confirm"}))
    taken = await rooms.backend.steer.take_over(ask.found["id"], confirmed=_yes(fields, "confirm"))
    return json({"terminal": taken})


async def discard(rooms: Rooms, ask: Ask) -> Answer:
    """Put what is stored of it into the trash, for 30 days."""
    return json(wire.trashed(await rooms.backend.steer.discard(ask.found["id"])))


async def trash(rooms: Rooms, _ask: Ask) -> Answer:
    """What is in the trash, newest first."""
    return json({"trashed": [wire.trashed(one) for one in await rooms.backend.steer.trash()]})


async def restore(rooms: Rooms, ask: Ask) -> Answer:
    """Bring back out of the trash."""
    await rooms.backend.steer.restore(ask.found["id"])
    return NOTHING


async def approvals(rooms: Rooms, _ask: Ask) -> Answer:
    """Everything that agents ask now, oldest first."""
    asked = [one for session in rooms.backend.picture().sessions for one in session.approvals]
    return json({"approvals": [wire.approval(one) for one in sorted(asked, key=lambda one: one.at)]})


async def decide(rooms: Rooms, ask: Ask) -> Answer:
    """Answer what an agent asks; digest names exactly what was shown."""
    fields = access.body_fields(ask.body, frozenset({"digest", "decision", "reason", "answers"}))
    digest = access.text_field(fields, "digest", 64)
    await rooms.backend.steer.decide(ask.found["id"], digest, _decision(fields), await _who(rooms, ask))
    return NOTHING


async def screen(rooms: Rooms, ask: Ask) -> Carry:
    """The terminal as changed rows; the newest state wins."""
    frames = await rooms.backend.steer.screen(ask.found["id"])
    return Carry(parts=_events("screen", frames))


async def fit(rooms: Rooms, ask: Ask) -> Answer:
    """Give the terminal the size of this screen; refused while a local screen shows it."""
    fields = access.body_fields(ask.body, frozenset({"rows", "columns"}))
    rows, columns = _size(fields, "rows"), _size(fields, "columns")
    await rooms.backend.steer.fit(ask.found["id"], rows, columns)
    return NOTHING


async def scrollback(rooms: Rooms, ask: Ask) -> Answer:
    """Lines above the screen, oldest first."""
    before = _number(ask.query, "before")
    count = min(_number(ask.query, "count") or _LINES, _LINES)
    page = await rooms.backend.steer.scrollback(ask.found["id"], before, count)
    return Answer(body=page, content_type=JSON)


async def hook(rooms: Rooms, ask: Ask) -> Carry:
    """What an agent says to its hook; the answer is what that is to print, once somebody decided."""
    parts = rooms.backend.steer.hook(ask.found["agent"], access.document(ask.body))
    return Carry(parts=parts, content_type="application/octet-stream")


def checked(text: str) -> str:
    """A prompt as it may be typed: valid, no controls but newline and tab. Raises ``WrongUse``.

    By class (Cc, and lone surrogates), not by pattern; carriage returns become newlines.
    """
    text = text.replace("\r\n", "\n")
    odd = next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"), None)
    if odd is not None:
        raise WrongUse(f"A prompt cannot have the control character U+{ord(odd):04X}.")
    if not text.strip():
        raise WrongUse("The prompt is empty.")
    if len(text.encode("utf-8")) > LONGEST_PROMPT:
        raise Refusal(413, detail="A prompt may have 64 KiB.", close=False)
    return text


async def _who(rooms: Rooms, ask: Ask) -> Who:
    caller = ask.caller
    if caller is None or caller.device_id is None:
        return Who(name=DESK, label="the desk")
    known = await rooms.backend.devices()
    label = next((one.label for one in known if one.id == caller.device_id), "a phone")
    return Who(name=caller.device_id, label=label)


def _order_id(ask: Ask) -> str | None:
    """The same for every repeat of an order, also after a crash between doing it and keeping the answer."""
    if ask.key is None or ask.caller is None:
        return None
    return sha256(f"{ask.caller.name}\n{ask.key}".encode()).hexdigest()[:20]


def _decision(fields: Mapping[str, Any]) -> Decision:
    verdict = access.text_field(fields, "decision", 10)
    if verdict not in set(Verdict):
        raise WrongUse(f"There is no decision {verdict!r}.", f"Known: {', '.join(Verdict)}.")
    reason = fields.get("reason")
    told = checked(access.text_field(fields, "reason", _SMALL)) if reason else None
    return Decision(verdict=Verdict(verdict), reason=told, answers=_answers(fields.get("answers")))


def _answers(told: object) -> Mapping[str, Sequence[str]]:
    if told is None:
        return {}
    if not isinstance(told, dict) or not all(isinstance(words, list) for words in told.values()):
        raise WrongUse("answers must be an object of lists of texts.")
    return {
        question: [checked(access.text_field({"answer": word}, "answer", _SMALL)) for word in words]
        for question, words in told.items()
    }


def _yes(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise WrongUse(f"{name} must be true or false.")
    return value


def _size(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise WrongUse(f"{name} must be a whole number from 1 to 1000.")
    return value


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise WrongUse(f"{name} must be a whole number.")
    return int(text)


async def _events(topic: str, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(frames) as coming:  # type: ignore[type-var]  # an async generator, as all of them are
        async for frame in coming:
            yield b"event: %b\ndata: %b\n\n" % (topic.encode("ascii"), frame)


_VIEW, _CONTROL, _ADMIN = Scope.VIEW, Scope.CONTROL, Scope.ADMIN
_SESSION: Final = "/api/sessions/{id}"


def _order(method: str, path: str, serve: Any, scope: Scope = _CONTROL, body: int = _SMALL) -> Route:
    return Route(method=method, path=path, scope=scope, serve=serve, longest_body=body)


STEERING: Final[tuple[Route, ...]] = (
    _order("POST", f"{_SESSION}/focus", take_focus),
    _order("DELETE", f"{_SESSION}/focus", give_focus),
    _order("POST", f"{_SESSION}/prompt", prompt, body=_PROMPT_BODY),
    Route(method="GET", path=f"{_SESSION}/prompts/{{prompt}}", scope=_VIEW, serve=given),
    _order("DELETE", f"{_SESSION}/prompts/{{prompt}}", cancel),
    _order("PATCH", f"{_SESSION}/prompts/{{prompt}}", change, body=_PROMPT_BODY),
    Route(method="GET", path="/api/prompts", scope=_VIEW, serve=prompts),
    Route(
        method="POST",
        path=f"{_SESSION}/keys",
        scope=_CONTROL,
        serve=keys,
        typing=True,
        longest_body=_DECISION_BODY,
    ),
    _order("POST", f"{_SESSION}/interrupt", interrupt),
    _order("POST", f"{_SESSION}/pause", pause),
    _order("POST", f"{_SESSION}/continue", go_on),
    _order("POST", f"{_SESSION}/stop", stop),
    _order("POST", f"{_SESSION}/resume", resume),
    _order("POST", f"{_SESSION}/takeover", take_over),
    _order("DELETE", _SESSION, discard, _ADMIN),
    Route(method="GET", path="/api/trash", scope=_VIEW, serve=trash),
    _order("POST", "/api/trash/{id}/restore", restore, _ADMIN),
    Route(method="GET", path="/api/approvals", scope=_VIEW, serve=approvals),
    Route(
        method="POST",
        path="/api/approvals/{id}",
        scope=_CONTROL,
        serve=decide,
        longest_body=_DECISION_BODY,
        not_for_agents=True,
    ),
    Route(method="GET", path=f"{_SESSION}/screen", scope=_VIEW, serve=screen),
    _order("POST", f"{_SESSION}/screen/fit", fit),
    Route(
        method="GET",
        path=f"{_SESSION}/screen/history",
        scope=_VIEW,
        serve=scrollback,
        query=frozenset({"before", "count"}),
    ),
    Route(
        method="POST",
        path="/api/hooks/{agent}",
        scope=_CONTROL,
        serve=hook,
        lan=False,
        longest_body=_HOOK_BODY,
    ),
)
