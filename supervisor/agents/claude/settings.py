"""The user's settings file with our hook in it, and without: a pure edit of its text.

Nothing but what is ours is changed by a byte, and taking it out restores every byte. For that the
text itself tells what was made for our hook: a bracket that we make has a blank behind it, one that
was empty before gets none. Claude Code, when it writes the file anew, gives every bracket one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from supervisor.agents.claude import hooks
from supervisor.agents.claude.document import Member, Node, Unclear, after_blank, scanned
from supervisor.agents.fields import mapping, sequence
from supervisor.core.errors import Refused

_BOM: Final = "\ufeff"
_HINT: Final = "Correct that file; nothing in it was changed."


def with_hook(text: str, ours: Mapping[str, Any]) -> str:
    """The text with our hook before others of its kind. Raises ``Refused``."""
    if _listed_in(text) == [ours]:
        return text
    text = without_hooks(text)
    if _is_blank(text):
        bom = _BOM if text.startswith(_BOM) else ""
        return f'{bom}{{"hooks": {_made(ours, _Line())}}}{text.removeprefix(bom)}'
    root = _root(text)
    found = root.get("hooks")
    if found is None:
        return _into_root(text, root, ours)
    event = _checked(found.node, dict, "hooks").get(hooks.EVENT)
    if event is None:
        return _into_hooks(text, found.node, ours)
    return _into_event(text, _checked(event.node, list, hooks.EVENT), ours)


def without_hooks(text: str) -> str:
    """The text without any hook of ours. Raises ``Refused``."""
    while not _is_blank(text) and (cut := _next_cut(text, _root(text))) is not None:
        text = text[: cut.start] + text[cut.end :]
    return text


# -- putting it in ---------------------------------------------------------------------------------


class _Line(NamedTuple):
    """How the lines of our element begin: in one line with what is before it where *newline* is empty."""

    newline: str = ""
    indent: str = ""
    unit: str = "  "

    def deeper(self) -> "_Line":
        return self._replace(indent=self.indent + self.unit)

    @property
    def start(self) -> str:
        """What begins a line; else the blank by which brackets of ours are known again."""
        return self.newline + self.indent if self.newline else " "


def _into_root(text: str, root: Node, ours: Mapping[str, Any]) -> str:
    if root.members:
        line = _line(text, root, root.members[0])
        return _before_first(text, root, root.members[0], f'"hooks": {_made(ours, line)}')
    line = _Line("\r\n" if "\r\n" in text else "\n", "  ")
    return _put(text, root, f'{line.start}"hooks": {_made(ours, line)}{line.newline}')


def _into_hooks(text: str, found: Node, ours: Mapping[str, Any]) -> str:
    if not found.members:
        return _put(text, found, f'"{hooks.EVENT}": {_array(ours, _Line())}')
    line = _line(text, found, found.members[0])
    return _before_first(text, found, found.members[0], f'"{hooks.EVENT}": {_array(ours, line)}')


def _into_event(text: str, found: Node, ours: Mapping[str, Any]) -> str:
    if not found.items:
        return _put(text, found, _group(ours, _Line()))
    line = _line(text, found, found.items[0])
    return _before_first(text, found, found.items[0], _group(ours, line))


def _before_first(text: str, container: Node, first: Node | Member, element: str) -> str:
    """With the same blank before it as the first has."""
    return _put(text, container, f"{_lead(text, container, first)}{element},")


def _put(text: str, container: Node, what: str) -> str:
    behind = container.start + 1
    return text[:behind] + what + text[behind:]


def _line(text: str, container: Node, first: Node | Member) -> _Line:
    """As the first element begins its line."""
    lead = _lead(text, container, first)
    if "\n" not in lead:
        return _Line()
    indent = lead.rpartition("\n")[2]
    return _Line("\r\n" if "\r\n" in lead else "\n", indent, "\t" if "\t" in indent else "  ")


def _lead(text: str, container: Node, first: Node | Member) -> str:
    """The blank before the first element; none where a comment stands in it."""
    between = text[container.start + 1 : first.start]
    return "" if between.strip() else between


def _made(ours: Mapping[str, Any], line: _Line) -> str:
    """All hooks of somebody who had none."""
    inner = line.deeper()
    return f'{{{inner.start}"{hooks.EVENT}": {_array(ours, inner)}{line.start}}}'


def _array(ours: Mapping[str, Any], line: _Line) -> str:
    """All hooks of one event where there were none."""
    inner = line.deeper()
    return f"[{inner.start}{_group(ours, inner)}{line.start}]"


def _group(ours: Mapping[str, Any], line: _Line) -> str:
    group = {"hooks": [ours]}
    return (
        json.dumps(group, indent=line.unit).replace("\n", line.start) if line.newline else json.dumps(group)
    )


# -- taking it out ---------------------------------------------------------------------------------


class _Cut(NamedTuple):
    """From here to there the text goes."""

    start: int
    end: int


def _next_cut(text: str, root: Node) -> _Cut | None:
    """One hook of ours, with what was made for it."""
    found = root.get("hooks")
    for event in found.node.members if found else ():
        for place, group in enumerate(event.node.items):
            if found and hooks.all_ours(group.value):
                return _group_out(text, root, found, event, place)
            if cut := _hook_out(text, group):
                return cut
    return None


def _hook_out(text: str, group: Node) -> _Cut | None:
    """Our hook in a group in which somebody has others too."""
    listed = group.get("hooks")
    for place, hook in enumerate(listed.node.items if listed else ()):
        if listed and hooks.is_ours(hook.value):
            return _one_out(text, listed.node, listed.node.items, place)
    return None


def _group_out(text: str, root: Node, found: Member, event: Member, place: int) -> _Cut:
    if len(event.node.items) > 1:
        return _one_out(text, event.node, event.node.items, place)
    if not _is_made(text, event.node):
        return _Cut(event.node.items[0].start, event.node.items[0].end)
    if len(found.node.members) > 1:
        return _one_out(text, found.node, found.node.members, found.node.members.index(event))
    if not _is_made(text, found.node):
        return _Cut(event.start, event.end)
    if len(root.members) > 1:
        return _one_out(text, root, root.members, root.members.index(found))
    return _last_out(text, root, found)


def _last_out(text: str, root: Node, found: Member) -> _Cut:
    """All that is in the document."""
    if not _is_made(text, root):
        return _Cut(root.start, root.end)  # there was none
    lead = _lead(text, root, found)
    newline = next((end for end in ("\r\n", "\n") if "\n" in lead and text.startswith(end, found.end)), "")
    return _Cut(found.start - len(lead), found.end + len(newline))


def _one_out(text: str, container: Node, elements: Sequence[Node | Member], place: int) -> _Cut:
    """One of several, with one comma."""
    element = elements[place]
    if not place:
        return _Cut(element.start - len(_lead(text, container, element)), _behind_comma(text, element.end))
    before = elements[place - 1].end
    if text[before : element.start].strip() == ",":
        return _Cut(before, element.end)
    return _Cut(element.start, _behind_comma(text, element.end))  # a comment between them stays


def _is_made(text: str, container: Node) -> bool:
    return text[container.start + 1].isspace()


def _behind_comma(text: str, at: int) -> int:
    comma = after_blank(text, at)
    return comma + 1 if text[comma] == "," else at


# -- reading ---------------------------------------------------------------------------------------


def _listed_in(text: str) -> Sequence[object]:
    """All hooks of ours; none where nothing can be read."""
    try:
        settings = mapping(scanned(text).value)
    except Unclear:
        return []
    groups = [group for event in mapping(settings.get("hooks")).values() for group in sequence(event)]
    listed = [hook for group in groups for hook in sequence(mapping(group).get("hooks"))]
    return [hook for hook in listed if hooks.is_ours(hook)]


def _is_blank(text: str) -> bool:
    return not text.removeprefix(_BOM).strip(" \t\r\n")


def _root(text: str) -> Node:
    try:
        root = _checked(scanned(text), dict, "the whole")
    except Unclear as unclear:
        raise Refused(f"The settings of Claude Code are no JSON: {unclear}.", _HINT) from unclear
    if sum(member.key == "hooks" for member in root.members) > 1:
        raise Refused("The settings of Claude Code have hooks twice.", _HINT)
    return root


def _checked(node: Node, kind: type, name: str) -> Node:
    if not isinstance(node.value, kind):
        raise Refused(f"In the settings of Claude Code {name} is not what it should be.", _HINT)
    return node
