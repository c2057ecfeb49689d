"""The numbered lines of a menu."""

from hypothesis import given
from hypothesis import strategies as st

from tray.backend.tree import ROOT, Tree
from tray.lines import ConnectPhone, Entry, Item, Quit, Separator


def line(key: str, label: str = "", *children: Entry, **more: bool) -> Item:
    """A line of the menu."""
    return Item(key=key, label=label or key, children=children, action=None if children else Quit(), **more)


def labels(tree: Tree, number: int = ROOT) -> dict[int, str]:
    """The lines below a line, in order, by number."""
    _, _, below = tree.layout(number, 1)
    return {one[0]: one[1].get("label", ("s", ""))[1] for _, one in below}


MENUS = st.recursive(
    st.builds(Separator, st.sampled_from("abcd"))
    | st.builds(line, st.sampled_from("abcd"), st.text(max_size=3)),
    lambda inner: st.builds(
        lambda key, below: line(key, key, *{one.key: one for one in below}.values()),
        st.sampled_from("abcd"),
        st.lists(inner, min_size=1, max_size=4),
    ),
    max_leaves=12,
)
LISTS = st.lists(MENUS, max_size=5).map(lambda entries: tuple({one.key: one for one in entries}.values()))


def seen(tree: Tree) -> object:
    """Everything a host can see, without the numbers."""

    def bare(layout: tuple[int, object, list[tuple[str, object]]]) -> object:
        return layout[1], [bare(below) for _, below in layout[2]]  # type: ignore[arg-type]  # layouts nest

    return bare(tree.layout(ROOT, -1))


@given(LISTS, LISTS)
def test_whatever_was_shown_before_the_new_menu_is_what_is_there(
    before: list[Entry], after: list[Entry]
) -> None:
    """Changing a menu and making it anew look the same."""
    changed, fresh = Tree(), Tree()
    changed.change(before)

    changed.change(after)
    fresh.change(after)

    assert seen(changed) == seen(fresh)


@given(LISTS, LISTS)
def test_what_is_told_is_enough_for_a_host_to_follow(before: list[Entry], after: list[Entry]) -> None:
    """A host that applies the news sees the same properties as one that asks again."""
    tree = Tree()
    tree.change(before)
    known = {number: tree.properties(number) for number in tree.numbers()}
    children = {number: list(labels(tree, number)) for number in tree.numbers()}

    change = tree.change(after)

    for number, new, dropped in change.properties:
        known[number].update(new)
        for name in dropped:
            del known[number][name]
    for number in set(known) & set(tree.numbers()):
        assert known[number] == tree.properties(number)
        assert number in change.parents or children[number] == list(labels(tree, number))


@given(LISTS, LISTS)
def test_while_a_menu_is_open_no_line_comes_goes_or_moves(before: list[Entry], after: list[Entry]) -> None:
    """What is under the mouse stays under the mouse."""
    tree = Tree()
    tree.change(before)
    numbers = {number: list(labels(tree, number)) for number in tree.numbers()}

    change = tree.repaint(after)

    assert {number: list(labels(tree, number)) for number in tree.numbers()} == numbers
    assert not change.parents


def test_a_line_keeps_its_number_when_its_text_and_its_place_change() -> None:
    """A click reaches the session that was under the mouse."""
    tree = Tree()
    tree.change([line("a", "A"), line("b", "B")])
    first = {label: number for number, label in labels(tree).items()}

    tree.change([line("b", "B!"), line("new"), line("a", "A")])

    second = {label: number for number, label in labels(tree).items()}
    assert (second["A"], second["B!"]) == (first["A"], first["B"])
    assert second["new"] not in first.values()


def test_a_line_that_has_gone_does_nothing_when_it_is_clicked() -> None:
    """A late click is no click on something else."""
    tree = Tree()
    tree.change([line("a"), line("b")])
    gone = next(iter(labels(tree)))

    tree.change([line("b"), line("c")])

    assert tree.action(gone) is None
    assert gone not in tree


def test_only_lines_that_can_be_chosen_have_an_action() -> None:
    """A line that tells something cannot be clicked, whatever a host sends."""
    tree = Tree()
    tree.change([line("off", enabled=False), Item(key="on", label="on", action=ConnectPhone())])

    assert [tree.action(number) for number in labels(tree)] == [None, ConnectPhone()]


def test_an_underscore_in_a_label_is_not_taken_for_a_shortcut() -> None:
    """Folder names look like folder names."""
    tree = Tree()
    tree.change([line("a", "my_app & co")])

    assert list(labels(tree).values()) == ["my__app & co"]


def test_only_what_was_asked_for_is_answered() -> None:
    """Depth and property names are honoured."""
    tree = Tree()
    tree.change([line("a", "A", line("b", "B"))])

    _, properties, below = tree.layout(ROOT, 1, ["label"])

    assert properties == {}
    assert below[0][1][1:] == ({"label": ("s", "A")}, [])
