"""Text on the clipboard that stays there after whoever put it has gone."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor import clipboard
from supervisor.core.errors import Failed


def programs_in(folder: Path, *names: str) -> dict[str, str]:
    """An environment in which only these programs can be found."""
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs no such programs")
def test_wayland_comes_before_x11_and_only_what_is_there_is_used(tmp_path: Path) -> None:
    """The clipboard of the desktop the person sees is the right one."""
    everything = programs_in(tmp_path, "wl-copy", "xclip", "xsel")

    both = clipboard.keepers(everything | {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"})
    x11 = clipboard.keepers(everything | {"DISPLAY": ":0"})

    assert [keeper[0] for keeper in both] == ["wl-copy", "xclip", "xsel"]
    assert [keeper[0] for keeper in x11] == ["xclip", "xsel"]
    assert clipboard.keepers({"PATH": "", "DISPLAY": ":0"}) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only there a program is needed")
def test_where_nothing_can_keep_a_text_the_failure_says_what_to_do(tmp_path: Path) -> None:
    """The hint names what to install and where the text can be seen."""
    nothing = programs_in(tmp_path) | {"WAYLAND_DISPLAY": "wayland-0"}

    with pytest.raises(Failed) as failure:
        clipboard.copy("text", nothing)

    assert (failure.value.title, failure.value.hint) == clipboard.NO_CLIPBOARD


if sys.platform == "linux":
    from tests.lab.desktop import Desktop, missing
    from tests.lab.fixtures import do_without

    SOURCE = Path(__file__).parents[2]
    from tests.lab.waiting import until

    @pytest.fixture
    def desktop(tmp_path: Path) -> Iterator[Desktop]:
        """A screen without a panel."""
        if lacking := missing():
            do_without(lacking)
        with Desktop(tmp_path) as started:
            started.env["PYTHONPATH"] = str(SOURCE)
            yield started

    HARD = "cd '/tmp/ä b' && claude --resume 世界 '\\n'"

    @pytest.mark.parametrize("program", ["xclip", "xsel"])
    def test_the_usual_programs_keep_exactly_the_text(desktop: Desktop, tmp_path: Path, program: str) -> None:
        """Not a byte more: a line break at the end would run a pasted command."""
        found = next(path for path in os.environ["PATH"].split(":") if (Path(path) / program).exists())
        (tmp_path / program).symlink_to(Path(found) / program)

        clipboard.copy(HARD, desktop.env | {"PATH": str(tmp_path)})

        until(lambda: desktop.clipboard() == HARD)

    def test_without_any_program_we_keep_the_text_until_another_is_copied(desktop: Desktop) -> None:
        """Long texts too, and no process of ours stays behind."""
        text = HARD + "x" * 20_000

        clipboard.copy(text, desktop.env | {"PATH": "/nonexistent"})

        until(lambda: desktop.clipboard() == text)
        ours = f"^{sys.executable} -P -m supervisor.clipboard$"
        keeper = desktop.run_until_end("pgrep", "-f", ours).stdout.split()
        assert len(keeper) == 1
        clipboard.copy("another", desktop.env)
        until(lambda: desktop.clipboard() == "another")
        until(lambda: not desktop.run_until_end("pgrep", "-f", ours).stdout)

    def test_a_screen_that_is_gone_is_a_failure_in_words(desktop: Desktop) -> None:
        """Nothing hangs, nothing crashes."""
        with pytest.raises(Failed):
            clipboard.copy("text", desktop.env | {"PATH": "/nonexistent", "DISPLAY": ":99999"})
