"""tmux itself: its modes, its options, its servers."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from supervisor.core.errors import Failed, Refused
from supervisor.terminal import adopted
from tests.lab.panes import Recorder, Tmux
from tests.lab.terminal import Terminal
from tests.lab.waiting import until


@contextmanager
def _looked_at(tmux: Tmux) -> Iterator[Terminal]:
    with tmux.attach() as terminal:
        yield terminal


def _type(inside: Recorder) -> None:
    adopted.paste(inside.pane, "one\ntwo", expects=inside.run, takes_pastes=True)
    adopted.keys(inside.pane, b"\r", expects=inside.run)


@pytest.mark.parametrize("mode", ["copy-mode", "choose-tree", "clock-mode", "copy-mode -u"])
def test_whoever_scrolls_is_brought_back_first(tmux: Tmux, mode: str) -> None:
    """Keys would move about in what was, and a paste would lose its brackets."""
    inside = tmux.recorder()

    with _looked_at(tmux):
        tmux.run(*mode.split(), "-t", inside.pane.id)
        until(lambda: tmux.run("display-message", "-p", "-t", inside.pane.id, "#{pane_in_mode}") == "1")
        _type(inside)

    inside.wait_for(b"\x1b[200~one\ntwo\x1b[201~\r")


def test_keys_that_would_go_to_all_panes_are_refused(tmux: Tmux) -> None:
    """The other panes may be shells."""
    inside = tmux.recorder()
    split = ("split-window", "-d", "-P", "-F", "#{pane_id}", "-t", inside.pane.id, "bash", "--norc", "-i")
    shell = tmux.run(*split)
    tmux.run("set-option", "-w", "-t", inside.pane.id, "synchronize-panes", "on")

    with pytest.raises(Refused, match="all of its panes"):
        adopted.keys(inside.pane, b"touch canary\r", expects=inside.run)
    with pytest.raises(Refused, match="all of its panes"):
        adopted.paste(inside.pane, "touch canary", expects=inside.run)

    assert inside.got == b""
    assert "canary" not in tmux.run("capture-pane", "-p", "-t", shell)


def test_a_pane_without_input_says_so(tmux: Tmux) -> None:
    """tmux would drop the keys without a word."""
    inside = tmux.recorder()
    tmux.run("select-pane", "-d", "-t", inside.pane.id)

    with pytest.raises(Refused, match="takes no input"):
        adopted.keys(inside.pane, b"\r", expects=inside.run)


def test_no_text_is_left_behind(tmux: Tmux) -> None:
    """The user's own buffers are as they were, whether it worked or not."""
    inside = tmux.recorder()
    pane = inside.pane
    tmux.run("set-buffer", "-b", "mine", "my own text")

    adopted.paste(pane, "one", expects=inside.run)
    inside.wait_for(b"\x1b[200~one\x1b[201~")

    assert tmux.run("list-buffers", "-F", "#{buffer_name}") == "mine"


def test_a_new_server_counts_its_panes_from_the_beginning(tmux: Tmux) -> None:
    """The pane with the old number is another one."""
    before = tmux.recorder().pane
    tmux.close()
    tmux.recorder("lines")
    inside = tmux.recorder()
    stale = adopted.Pane(program="tmux", id=before.id, tty=inside.tty, server=before.server)

    with pytest.raises(Failed, match="gone"):
        adopted.keys(stale, b"\r", expects=inside.run)

    assert inside.got == b""


def test_servers_elsewhere_are_found_by_what_their_panes_were_told(tmux: Tmux) -> None:
    """A server with a socket of its own name, in a folder that nobody else knows."""
    elsewhere = tmux.folder / "my socket, of mine"
    tmux.run("-S", str(elsewhere), "new-session", "-d", "sleep", "600")

    def found() -> list[adopted.Pane]:
        return [pane for pane in adopted.panes() if pane.server == str(elsewhere)]

    [pane] = until(found)
    assert pane == adopted.find(pane.tty, {"TMUX": f"{elsewhere},1,0"})
    assert pane == adopted.find(pane.tty, {})
    tmux.run("-S", str(elsewhere), "kill-server")


def test_a_server_that_hangs_hides_nobody(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up after two seconds; stale sockets and other files at once."""
    monkeypatch.setattr("supervisor.terminal.adopted.asking.SECONDS", 2.0)
    inside = tmux.recorder()
    folder = Path(inside.pane.server or "").parent
    (folder / "a-file").touch()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / "a-stale-one"))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "a-silent-one"))
        silent.listen()
        began = time.monotonic()
        found = inside.pane
        took = time.monotonic() - began

    assert found.tty == inside.tty
    assert took < 10


def test_it_is_known_whether_somebody_looks(tmux: Tmux) -> None:
    """Nobody is attached; somebody sees it; somebody sees another window of the session."""
    inside = tmux.recorder()

    alone = adopted.attended(inside.pane)
    with _looked_at(tmux) as terminal:
        terminal.press("x")
        seen = until(lambda: adopted.attended(inside.pane))
        tmux.run("new-window", "sleep", "600")
        until(lambda: adopted.attended(inside.pane) is False)
    pane = inside.pane
    tmux.close()

    assert (alone, seen) == (False, True)
    assert adopted.attended(pane) is None


def test_what_tmux_cannot_know_must_be_known_of_the_agent(tmux: Tmux) -> None:
    """Before 3.7 tmux does not tell who takes pastes: several lines then need somebody who knows."""
    inside = tmux.recorder()
    told = tmux.run("display-message", "-p", "-t", inside.pane.id, "#{bracket_paste_flag}")

    if told:
        adopted.paste(inside.pane, "one\ntwo", expects=inside.run)
    else:
        with pytest.raises(Refused, match="does not tell"):
            adopted.paste(inside.pane, "one\ntwo", expects=inside.run)
    adopted.paste(inside.pane, "one\ntwo", expects=inside.run, takes_pastes=True)

    inside.wait_for(b"\x1b[200~one\ntwo\x1b[201~" * (2 if told else 1))
