"""Our hook in the text of the user's settings."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.agents.claude import hooks
from supervisor.agents.claude.settings import with_hook, without_hooks
from supervisor.core.errors import Refused

OURS = hooks.entry(("/opt/my programs/python", "hook.py", "/run/api.sock"), "claude", "2.1.329") or {}
OLD = hooks.entry(("/opt/old",), "claude", "2.1.329") or {}
BEEP = {"hooks": [{"type": "command", "command": "beep"}]}

LAYOUTS = (
    *("", "\n", "\ufeff", "\ufeff\n", "{}", "{ }", "{\n}\n", "{}\n", "\n\n{}", "{\r\n}\r\n", "\ufeff{}"),
    *('{"a":1}', '{"a": 1 }\n', '{\n  "a": 1\n}\n', '{\r\n\t"a": 1,\r\n\t"b": {}\r\n}', '{\n\n    "a": 1}'),
    *('{"hooks":{}}', '{"hooks": { }, "a": 1}', '{"hooks":{"Stop":[]}}', '{\n  "hooks": {\n  }\n}\n'),
    *('{"hooks":{"PermissionRequest":[]}}', '{"hooks":{ "PermissionRequest":[ ]}}', '{ "hooks": { } }'),
    json.dumps({"z": 0, "hooks": {"PermissionRequest": [BEEP], "Stop": [BEEP]}}),
    json.dumps({"z": 0, "hooks": {"PermissionRequest": [BEEP], "Stop": [BEEP]}}, indent=2) + "\n",
    json.dumps({"hooks": {"Stop": [BEEP]}, "z": 0}, indent=4),
    json.dumps({"hooks": {"PermissionRequest": [BEEP]}}, indent="\t").replace("\n", "\r\n"),
)
WITH_COMMENTS = (
    '{ // here\n  "a": 1,\n}\n',
    "{ /* nothing yet */ }",
    '{"hooks":{/*c*/"PermissionRequest":[/*d*/]}}',
    '{"hooks":{"PermissionRequest":[ // mine\n' + json.dumps(BEEP) + " /* e */, ]}}",
    "/*x*/{/*y*/}/*z*/",
)


def parsed(text: str) -> Any:
    """As Claude Code reads it."""
    return json.loads(text.removeprefix("\ufeff") or "{}")


@pytest.mark.parametrize("text", [*LAYOUTS, *WITH_COMMENTS])
def test_what_was_put_in_comes_out_without_a_trace(text: str) -> None:
    """Every byte of the user is as it was."""
    edited = with_hook(text, OURS)

    assert edited != text
    assert without_hooks(edited) == text
    assert with_hook(edited, OURS) == edited
    assert without_hooks(text) == text


@pytest.mark.parametrize("text", LAYOUTS)
def test_the_settings_say_the_same_and_our_hook(text: str) -> None:
    """The user's hooks for the same event stay and run too."""
    before = parsed(text.strip("\n") if not text.strip("\ufeff\n") else text)

    after = parsed(with_hook(text, OURS))

    groups = after["hooks"]["PermissionRequest"]
    assert groups[0] == {"hooks": [OURS]}
    after["hooks"]["PermissionRequest"] = groups[1:]
    expected = {**before, "hooks": {**before.get("hooks", {})}}
    expected["hooks"].setdefault("PermissionRequest", [])
    assert after == expected


@pytest.mark.parametrize("text", [*LAYOUTS, *WITH_COMMENTS])
def test_an_older_hook_of_ours_is_replaced(text: str) -> None:
    """Wakeline has moved, or was updated: there is one of it."""
    moved = with_hook(with_hook(text, OLD), OURS)

    assert moved == with_hook(text, OURS)
    assert without_hooks(moved) == text


def test_it_is_written_as_the_file_is_written() -> None:
    """By the same kind of lines, so that people can read it."""
    assert with_hook('{\n\t"a": 1\n}\n', {"type": "command", "command": "x # wakeline"}) == (
        '{\n\t"hooks": {\n\t\t"PermissionRequest": [\n\t\t\t{\n\t\t\t\t"hooks": [\n\t\t\t\t\t{\n'
        '\t\t\t\t\t\t"type": "command",\n\t\t\t\t\t\t"command": "x # wakeline"\n\t\t\t\t\t}\n\t\t\t\t]\n'
        '\t\t\t}\n\t\t]\n\t},\n\t"a": 1\n}\n'
    )


@pytest.mark.parametrize("text", [*LAYOUTS, '{"a": 1}'])
def test_after_claude_code_has_written_the_file_anew_ours_comes_out_too(text: str) -> None:
    """It lays everything out in its own way; what was made for our hook goes with it."""
    rewritten = json.dumps(parsed(with_hook(text, OURS)) | {"theme": "dark"}, indent=2)

    left = parsed(without_hooks(rewritten))

    assert "wakeline" not in json.dumps(left)
    assert left["theme"] == "dark"
    assert left.get("hooks") != {}


def test_what_others_put_around_it_stays() -> None:
    """A hook in the same group, a group before, a comment between."""
    theirs, group = json.dumps(BEEP), json.dumps({"hooks": [OURS]})
    texts = {
        with_hook("{}", OURS).replace('"hooks": [\n', '"hooks": [\n{"a": 1},'): '{"a": 1}',
        f'{{"hooks":{{"PermissionRequest":[{theirs},\n{group}]}}}}': theirs,
        f'{{"hooks":{{"PermissionRequest":[1, /* c */ {group}]}}}}': "/* c */",
    }

    for text, stays in texts.items():
        left = without_hooks(text)
        assert "wakeline" not in left
        assert stays in left


@pytest.mark.parametrize(
    "text",
    [
        *("no JSON", '{"a": 1', "[]", "1", '{"hooks": []}', '{"hooks": {"PermissionRequest": {}}}'),
        '{"hooks": {}, "hooks": {}}',
        "{} {}",
    ],
)
def test_what_is_not_understood_is_refused_with_a_sentence(text: str) -> None:
    """Nothing is written into it."""
    with pytest.raises(Refused) as refused:
        with_hook(text, OURS)

    assert refused.value.title.endswith(".")
    assert "nothing" in refused.value.hint


def _name(member: tuple[str, str, str]) -> object:
    return json.JSONDecoder().raw_decode(member[1])[0]


BLANKS = st.sampled_from(["", " ", "\n", "\n  ", "\t", "\r\n    ", " \n\n "])
COMMENTS = st.sampled_from(["", "", "", " /* c */ ", "// d\n", "/*}*/"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("# wakeline")


def laid_out(blanks: st.SearchStrategy[str], commas: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Documents as somebody might write them, hooks and all."""
    value = st.recursive(
        LEAVES.map(json.dumps),
        lambda inner: (
            listed(inner, "[", "]", blanks, commas)
            | listed(pairs(st.text(max_size=4), inner, blanks), "{", "}", blanks, commas)
        ),
        max_leaves=8,
    )
    groups = listed(value | st.just(json.dumps(BEEP)), "[", "]", blanks, commas)
    events = pairs(st.sampled_from(["PermissionRequest", "Stop"]), groups, blanks)
    hooks = listed(events, "{", "}", blanks, commas, by_key=True)
    members = pairs(st.text(max_size=4), value, blanks) | pairs(st.just("hooks"), hooks, blanks)
    return listed(members, "{", "}", blanks, commas, by_key=True)


def pairs(
    keys: st.SearchStrategy[str], values: st.SearchStrategy[str], blanks: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """Members of an object."""
    return st.builds(
        lambda key, a, b, value: f"{json.dumps(key)}{a}:{b}{value}", keys, blanks, blanks, values
    )


def listed(
    elements: st.SearchStrategy[str],
    opening: str,
    closing: str,
    blanks: st.SearchStrategy[str],
    commas: st.SearchStrategy[str],
    *,
    by_key: bool = False,
) -> st.SearchStrategy[str]:
    """Elements between brackets, with whatever stands around them."""
    key = _name if by_key else None
    several = st.lists(st.tuples(blanks, elements, blanks), max_size=3, unique_by=key)

    def joined(all_of_them: list[tuple[str, str, str]], empty: str, last: str) -> str:
        inner = ",".join("".join(one) for one in all_of_them)
        return f"{opening}{inner + last if all_of_them else empty}{closing}"

    return st.builds(joined, several, blanks, commas)


ODD = laid_out(st.builds(str.__add__, BLANKS, COMMENTS), st.sampled_from(["", ",", ", "]))
STRICT = laid_out(BLANKS, st.just(""))


@given(text=ODD)
def test_whatever_it_looks_like_it_comes_back(text: str) -> None:
    """Comments, commas at the end, odd blanks: all of it is the user's."""
    edited = with_hook(text, OURS)

    assert without_hooks(edited) == text
    assert with_hook(edited, OURS) == edited
    assert edited.count(' # wakeline"') == 1


@given(text=STRICT)
def test_whatever_it_says_it_says_still(text: str) -> None:
    """Our group comes first of its event; nothing else is another than before."""
    before, after = parsed(text), parsed(with_hook(text, OURS))

    groups = after["hooks"]["PermissionRequest"]
    theirs = before.get("hooks", {}).get("PermissionRequest", [])
    assert groups == [{"hooks": [OURS]}, *theirs]
    assert {key: value for key, value in after.items() if key != "hooks"} == {
        key: value for key, value in before.items() if key != "hooks"
    }


@given(text=st.text(alphabet='{}[]",:/* \n\ufeffhoks') | st.text())
def test_any_text_is_edited_or_refused(text: str) -> None:
    """It never fails otherwise, and never loses anything."""
    try:
        edited = with_hook(text, OURS)
    except Refused:
        return
    assert without_hooks(edited) == text
