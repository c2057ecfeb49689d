"""GNU screen itself: its copy mode, its passwords, its regions, its numbers."""

import os
import tempfile
import threading
from pathlib import Path

import pytest

from supervisor.core.errors import Failed, Refused
from supervisor.terminal import adopted
from tests.lab.panes import Inside, Recorder, Screen
from tests.lab.waiting import until

BEGIN, END = b"\x1b[200~", b"\x1b[201~"
COPY_MODE = "\x01["


def _paste(inside: Recorder, text: str) -> None:
    adopted.paste(inside.pane, text, expects=inside.run, takes_pastes=True)


def _second_window(screen: Screen, how: str = "pastes") -> Recorder:
    """Another recorder in the only session."""
    [session] = screen.sessions()
    opened = screen.open
    screen.open = lambda argv: screen.command(session, "screen", *argv)  # type: ignore[method-assign]
    try:
        return screen.recorder(how)
    finally:
        screen.open = opened  # type: ignore[method-assign]


def test_nobody_is_disturbed_while_scrolling(screen: Screen) -> None:
    """Text would be taken for commands of copy mode; afterwards it arrives."""
    inside = screen.recorder()
    with screen.attach() as terminal:
        terminal.wait_for("ready")
        terminal.press(COPY_MODE)
        terminal.wait_for("Copy mode")

        with pytest.raises(Refused, match="scrolls"):
            _paste(inside, "hello")
        with pytest.raises(Refused, match="scrolls"):
            adopted.keys(inside.pane, b"\r", expects=inside.run)
        assert inside.got == b""
        terminal.press("\x1b")
        terminal.wait_for("Copy mode aborted")
        _paste(inside, "hello")

    inside.wait_for(BEGIN + b"hello" + END)


def test_scrolled_and_left_alone_it_says_that_nothing_arrived(screen: Screen) -> None:
    """Copy mode outlives whoever went away; a paste ends it, and the next one arrives."""
    inside = screen.recorder()
    with screen.attach() as terminal:
        terminal.wait_for("ready")
        terminal.press(COPY_MODE)
        terminal.wait_for("Copy mode")
        terminal.press("\x01d")
        terminal.wait()

    with pytest.raises(Failed, match="did not pass it on"):
        _paste(inside, "hello")
    assert inside.got == b""
    _paste(inside, "again")

    inside.wait_for(BEGIN + b"again" + END)


def test_a_session_with_a_password_is_refused(screen: Screen) -> None:
    """screen itself would drop it without a word."""
    inside = screen.recorder()
    screen.command(screen.sessions()[0], "password", "aaHx5kvfUoMjI")

    with pytest.raises(Refused, match="password"):
        _paste(inside, "hello")

    assert inside.got == b""


def test_the_right_window_gets_it_among_several_in_a_split_display(screen: Screen) -> None:
    """Neither the region with the focus nor the window shown last."""
    one = screen.recorder()
    two = _second_window(screen)
    with screen.attach() as terminal:
        terminal.press("\x01S")
        terminal.press("\x01\t")
        terminal.press("\x010")
        _paste(two, "for two")
        _paste(one, "for one")
        adopted.keys(two.pane, b"\r", expects=two.run)

        one.wait_for(BEGIN + b"for one" + END)
        two.wait_for(BEGIN + b"for two" + END + b"\r")


def test_a_window_with_another_number_is_not_mistaken(screen: Screen) -> None:
    """The number that it began with is nobody's now."""
    screen.recorder()
    two = _second_window(screen)
    screen.command(screen.sessions()[0], "number", "7")

    with pytest.raises(Failed, match="another number"):
        _paste(two, "hello")


def test_a_session_with_another_name_is_found_again(screen: Screen) -> None:
    """What a window was told at its start may be old."""
    inside = screen.recorder()
    before = inside.pane
    screen.command(screen.sessions()[0], "sessionname", "my new name")
    until(lambda: "my new name" in screen.sessions()[0])

    with pytest.raises(Failed, match="gone"):
        adopted.keys(before, b"\r", expects=inside.run)
    _paste(inside, "hello")

    inside.wait_for(BEGIN + b"hello" + END)


def test_who_reads_late_gets_all_of_it_in_order(screen: Screen) -> None:
    """Nothing overtakes a long text, and screen itself goes on meanwhile."""
    inside = screen.recorder("slowly")
    text = "0123456789abcde " * 4096
    pasting = threading.Thread(target=_paste, args=(inside, text))

    pasting.start()
    until(lambda: _waiting(inside))
    Path(f"{inside.file}.go").write_text("go")
    pasting.join(20)
    adopted.keys(inside.pane, b"\r", expects=inside.run)

    inside.wait_for(BEGIN + text.encode() + END + b"\r")


def _waiting(inside: Inside) -> bool:
    from supervisor.terminal.adopted import ttys

    return bool(ttys.unread(inside.tty))


def test_who_does_not_read_at_all_is_given_up(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next keys are not sent behind it: they would be lost."""
    monkeypatch.setattr("supervisor.terminal.adopted.screen._PATIENCE_SECONDS", 0.3)
    inside = screen.recorder("slowly")

    with pytest.raises(Failed, match="does not read"):
        _paste(inside, "hello")
    with pytest.raises(Failed, match="does not read"):
        adopted.keys(inside.pane, b"\r", expects=inside.run)
    Path(f"{inside.file}.go").write_text("go")

    inside.wait_for(BEGIN + b"hello" + END)


def test_no_text_is_left_behind(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a file nor in the register."""
    monkeypatch.setattr(tempfile, "tempdir", str(screen.folder))
    inside = screen.recorder()

    _paste(inside, "secret")
    inside.wait_for(BEGIN + b"secret" + END)
    screen.command(screen.sessions()[0], "paste", "\\027")

    inside.wait_for(b"-")
    assert not list(screen.folder.glob("wakeline-*"))


def test_folders_with_odd_names_are_no_trouble(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """screen has rules of quoting for the name of the file too."""
    odd = screen.folder / "a $HOME \"b\" 'c' ^d \\e ü #%n"
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    inside = screen.recorder()

    _paste(inside, "hello")

    inside.wait_for(BEGIN + b"hello" + END)
    assert "ready" in (adopted.screen_text(inside.pane) or "")


def test_what_screen_keeps_of_odd_letters_is_shown_as_blanks(screen: Screen) -> None:
    """It keeps one byte of each, which may be a control character."""
    screen.open(["printf", "x\\342\\224\\200y\\n\\033[?25hend"])
    inside = screen.recorder()

    text = until(lambda: adopted.screen_text(inside.pane))

    assert text is not None
    assert text.replace("\n", "").isprintable()


def test_nobody_sees_a_session_without_a_display(screen: Screen) -> None:
    """With a display it is not told which window that shows."""
    inside = screen.recorder()

    alone = adopted.attended(inside.pane)
    with screen.attach() as terminal:
        terminal.wait_for("ready")
        seen = adopted.attended(inside.pane)

    assert alone is False
    assert seen is None


def test_other_peoples_variables_do_not_lead_astray(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wakeline itself may have been started in a window of another session."""
    inside = screen.recorder()
    monkeypatch.setenv("STY", "1.nobody")
    monkeypatch.setenv("WINDOW", "5")
    monkeypatch.setenv("SCREENDIR", os.devnull)

    _paste(inside, "hello")

    inside.wait_for(BEGIN + b"hello" + END)
