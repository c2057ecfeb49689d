"""A menu as com.canonical.dbusmenu sees it: numbered lines whose numbers never change. Pure.

An entry keeps its number as long as its key and its place in the tree exist, so a host can repaint
a menu that is open, and a click on a line that has gone reaches nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tray.lines import Action, Entry, Separator

ROOT = 0
#: A D-Bus variant: its type and its value.
Variant = tuple[str, Any]
Properties = dict[str, Variant]
#: As GetLayout answers: number, properties, children as variants.
Layout = tuple[int, Properties, list[tuple[str, Any]]]
LAYOUT = "(ia{sv}av)"


@dataclass(slots=True)
class Node:
    """One line under its number."""

    id: int
    properties: Properties
    action: Action | None = None
    children: dict[str, "Node"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What to tell the host: new and dropped properties by line, and lines with other children."""

    properties: Sequence[tuple[int, Properties, Sequence[str]]]
    parents: Sequence[int]


class Tree:
    """Owner of the numbers. Not for several threads at once."""

    def __init__(self) -> None:
        self.revision = 1
        self._numbers = count(ROOT + 1)
        self._root = Node(ROOT, {"children-display": ("s", "submenu")})
        self._by_id = {ROOT: self._root}

    def repaint(self, menu: Iterable[Entry]) -> Change:
        """Take over what the lines say, and leave every line where it is: for a menu that is open."""
        properties: list[tuple[int, Properties, Sequence[str]]] = []
        self._repaint(self._root, menu, properties)
        return Change(properties, ())

    def change(self, menu: Iterable[Entry]) -> Change:
        """Take over a new menu; say what differs from the one before."""
        properties: list[tuple[int, Properties, Sequence[str]]] = []
        parents: list[int] = []
        self._merge(self._root, menu, properties, parents)
        self._by_id = {node.id: node for node in _walk(self._root)}
        self.revision += bool(parents)
        return Change(properties, parents)

    def action(self, number: int) -> Action | None:
        """What choosing this line means; nothing for lines that tell something or have gone."""
        node = self._by_id.get(number)
        return node.action if node and "enabled" not in node.properties else None

    def __contains__(self, number: int) -> bool:
        return number in self._by_id

    def properties(self, number: int, names: Sequence[str] = ()) -> Properties:
        """The properties of a line, all or some; ``KeyError`` if it has gone."""
        found = self._by_id[number].properties
        return {name: found[name] for name in names if name in found} if names else dict(found)

    def numbers(self) -> list[int]:
        """All lines there are."""
        return list(self._by_id)

    def layout(self, number: int, depth: int, names: Sequence[str] = ()) -> Layout:
        """A line and *depth* levels below it (-1: all); ``KeyError`` if it has gone."""
        node = self._by_id[number]
        children = [] if depth == 0 else list(node.children.values())
        below = [(LAYOUT, self.layout(child.id, depth - 1, names)) for child in children]
        return node.id, self.properties(node.id, names), below

    def _merge(
        self,
        node: Node,
        menu: Iterable[Entry],
        properties: list[tuple[int, Properties, Sequence[str]]],
        parents: list[int],
    ) -> None:
        before = [child.id for child in node.children.values()]
        children: dict[str, Node] = {}
        for entry in menu:
            children[entry.key] = self._take(node.children.get(entry.key), entry, properties, parents)
        node.children = children
        if before != [child.id for child in children.values()]:
            parents.append(node.id)

    def _take(
        self,
        old: Node | None,
        entry: Entry,
        properties: list[tuple[int, Properties, Sequence[str]]],
        parents: list[int],
    ) -> Node:
        wanted = describe(entry)
        if old is None or _nature(old.properties) != _nature(wanted):
            old = Node(next(self._numbers), wanted)
            parents = []  # a new line is told of by its parent
        _rewrite(old, entry, properties)
        self._merge(old, _below(entry), properties, parents)
        return old

    def _repaint(
        self, node: Node, menu: Iterable[Entry], properties: list[tuple[int, Properties, Sequence[str]]]
    ) -> None:
        for entry in menu:
            known = node.children.get(entry.key)
            if known and _nature(known.properties) == _nature(describe(entry)):
                _rewrite(known, entry, properties)
                self._repaint(known, _below(entry), properties)


def describe(entry: Entry) -> Properties:
    """An entry's properties; what is the default is left out. ``_`` would mark a key: it is doubled."""
    if isinstance(entry, Separator):
        return {"type": ("s", "separator")}
    found: Properties = {"label": ("s", entry.label.replace("_", "__"))}
    if not entry.enabled:
        found["enabled"] = ("b", False)
    if entry.checked is not None:
        found["toggle-type"] = ("s", "radio")
        found["toggle-state"] = ("i", int(entry.checked))
    if entry.children:
        found["children-display"] = ("s", "submenu")
    return found


def _rewrite(node: Node, entry: Entry, changed: list[tuple[int, Properties, Sequence[str]]]) -> None:
    """Let a line say and do what the entry does."""
    before, wanted = node.properties, describe(entry)
    if before != wanted:
        new = {name: value for name, value in wanted.items() if before.get(name) != value}
        changed.append((node.id, new, [name for name in before if name not in wanted]))
    node.properties = wanted
    node.action = None if isinstance(entry, Separator) else entry.action


def _below(entry: Entry) -> Iterable[Entry]:
    return () if isinstance(entry, Separator) else entry.children


def _nature(properties: Properties) -> tuple[object, ...]:
    """What hosts fix when they first draw a line."""
    return tuple(properties.get(name) for name in ("type", "toggle-type", "children-display"))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children.values():
        yield from _walk(child)
