"""What the tests of the tray share: a desktop with a panel, and a tray that follows a fake supervisor."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.fixtures import do_without

if sys.platform == "linux":
    from tests.fakes.supervisor import Supervisor, serving
    from tests.lab import popups as lab_popups
    from tests.lab.desktop import Desktop, missing
    from tests.lab.popups import Popups

    #: Nothing there changes its colour because the mouse is over it.
    OUT_OF_THE_WAY = (4, 764)
    SOURCE = Path(__file__).parents[2]

    @pytest.fixture(scope="module", params=["xfce4-panel"])
    def desktop(
        request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Desktop]:
        """A desktop with a panel; "none" for one without."""
        panels = [] if request.param == "none" else [request.param]
        if lacking := missing(*panels):
            do_without(lacking)
        with Desktop(tmp_path_factory.mktemp("desktop")) as started:
            started.env["PYTHONPATH"] = str(SOURCE)
            for panel in panels:
                started.start_panel(panel)
            yield started

    @pytest.fixture
    def supervisor(desktop: Desktop) -> Iterator[Supervisor]:
        """A fake supervisor where programs on the desktop look for the real one."""
        with serving(desktop.folder / "wakeline" / "run" / "api.sock", Supervisor()) as serving_now:
            yield serving_now

    @pytest.fixture
    def popups(desktop: Desktop) -> Iterator[Popups]:
        """Whoever shows popups on this desktop."""
        if lacking := lab_popups.missing():
            do_without(lacking)
        showing = Popups(desktop)
        yield showing
        showing.end()

    @pytest.fixture
    def start(desktop: Desktop) -> Iterator[Callable[..., None]]:
        """Starts ``python -m MODULE ARGUMENTS`` on the desktop; it ends with the test."""
        started: list[str] = []

        def run(module: str, *arguments: str) -> None:
            (desktop.folder / f"{module}.log").unlink(missing_ok=True)
            desktop.point(OUT_OF_THE_WAY)
            desktop.start(module, [sys.executable, "-m", module, *arguments])
            if module not in started:
                started.append(module)

        yield run
        for module in started:
            desktop.end(module)
