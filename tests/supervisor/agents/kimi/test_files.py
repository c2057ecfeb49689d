"""Where Kimi Code keeps its sessions."""

from pathlib import Path

from supervisor.agents.kimi import files
from tests.supervisor.agents.kimi.stored import ONE, TWO, store


def test_its_home_is_where_it_says() -> None:
    """Or in the user's home."""
    assert files.home({}, Path("/home/me")) == Path("/home/me/.kimi-code")
    assert files.home({"KIMI_CODE_HOME": "/srv/kimi"}, Path("/home/me")) == Path("/srv/kimi")


def test_sessions_are_found_whichever_folder_they_belong_to(tmp_path: Path) -> None:
    """By their ids, each once; what was never written to is none."""
    store(tmp_path, ONE)
    store(tmp_path, TWO, workspace="wd_other_0123456789ab")
    (tmp_path / "sessions" / "wd_project_0" / "session_x").mkdir(parents=True)

    assert {each.session_id for each in files.transcripts(tmp_path)} == {ONE, TWO}
    assert [files.find(tmp_path, each) is not None for each in (ONE, TWO, "session_x", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_session_describes_itself(tmp_path: Path) -> None:
    """Its folder, its title and its beginning."""
    told = files.described(store(tmp_path, ONE))

    assert told is not None
    assert (told.cwd, told.title, told.began_at) == ("/home/me/project", "my name", 1795298233.408)


def test_a_description_that_is_broken_says_little(tmp_path: Path) -> None:
    """Nothing, where it is missing."""
    folder = store(tmp_path, ONE)
    (folder / "state.json").write_text("[")

    told = files.described(folder)
    (folder / "state.json").unlink()

    assert told is not None
    assert (told.cwd, told.title) == (None, None)
    assert files.described(folder) is None


def test_all_of_a_session_lies_in_its_folder(tmp_path: Path) -> None:
    """So that is what goes into the trash."""
    store(tmp_path, ONE)

    assert list(files.remains(tmp_path, ONE)) == [f"sessions/wd_project_340644f14f46/{ONE}"]
    assert list(files.remains(tmp_path, TWO)) == []
