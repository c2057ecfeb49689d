"""Sessions as Kimi Code 2.1.0 stores them."""

import os
import shutil
from pathlib import Path

RECORDED = Path(__file__).parents[3] / "data" / "kimi"
ONE = "session_5af730a3-5378-4819-b927-6c6ec7aaa0de"
TWO = "session_b2ca22c1-bfc3-49e6-a23d-5856b9bedc6a"


def store(
    home: Path,
    session_id: str,
    *,
    workspace: str = "wd_project_340644f14f46",
    began_at: float = 1795298233.408,
    changed_at: float = 1795298250.0,
) -> Path:
    """A recorded session under that id; its folder."""
    folder = home / "sessions" / workspace / session_id
    (folder / "agents" / "main").mkdir(parents=True, exist_ok=True)
    state = (RECORDED / "renamed-question-killed.state.json").read_text()
    (folder / "state.json").write_text(state.replace("1795298233408", str(round(began_at * 1000))))
    shutil.copy(RECORDED / "renamed-question-killed.jsonl", folder / "agents" / "main" / "wire.jsonl")
    written(folder, changed_at)
    return folder


def written(folder: Path, at: float) -> None:
    """Something was said in it then."""
    for path in (folder / "state.json", folder / "agents" / "main" / "wire.jsonl"):
        os.utime(path, (at, at))
