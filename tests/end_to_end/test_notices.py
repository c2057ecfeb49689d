"""Notices of real sessions, sent to a real server of somebody else."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no terminal can be held here", allow_module_level=True)
assert sys.platform != "win32"

from tests.end_to_end.steered import Held, InTerminal, wakeline_in
from tests.fakes.web import Web, serving
from tests.lab import homes
from tests.lab.servers import Server
from tests.lab.waiting import until


@pytest.mark.usefixtures("needs_claude")
def test_a_question_reaches_the_phone_through_a_server_of_ones_own(
    fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Once, also when that server was down, and the supervisor killed; by default without any content."""
    with serving(Web(failing=10**6)) as web:
        address = {"WAKELINE_NOTICES_URLS": f"json://127.0.0.1:{web.port}/hook"}
        with wakeline_in(**address) as wakeline:
            folder = wakeline.folder.parent
            launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
            held = Held(wakeline, launch.plus("--permission-mode", "manual"), in_terminal)
            own_id = held.session(state="idle", kind="hosted")["id"]
            wakeline.run("send", own_id, "SCENARIO:bash touch s3cr3t-file")
            until(lambda: web.refused)

            wakeline.kill()
            web.failing = 0
            wakeline.start()
            until(lambda: web.got)
            until(lambda: wakeline.client.get("/api/notices")["notices"])

            ((_, told),) = web.got
            assert (told["title"], told["message"]) == ("", "A session needs you")
            (notice,) = wakeline.client.get("/api/notices")["notices"]
            assert notice["kind"] == "needs_you"
            assert "s3cr3t" not in str(notice)


@pytest.mark.usefixtures("needs_claude")
def test_the_end_of_a_long_turn_is_told_and_taken_back(
    fake_anthropic: Server, in_terminal: InTerminal
) -> None:
    """Long is what the user calls long."""
    with wakeline_in(WAKELINE_NOTICES_MIN_TURN_SECONDS="1") as wakeline:
        folder = wakeline.folder.parent
        launch = homes.claude(folder / "home", folder / "project", fake_anthropic.url)
        held = Held(wakeline, launch, in_terminal)
        own_id = held.session(state="idle", kind="hosted")["id"]

        wakeline.run("send", own_id, "SCENARIO:slow:100:60")
        (told,) = until(lambda: wakeline.client.get("/api/notices")["notices"])
        wakeline.run("send", own_id, "SCENARIO:slow:100:40")
        until(lambda: wakeline.client.get("/api/notices")["notices"][-1]["withdrawn"])

        assert (told["kind"], told["session"], told["withdrawn"]) == ("finished", own_id, False)
