"""A home of nobody for the whole run: nothing that a test starts sees the home of whoever runs the tests."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping

#: The environment as it was: for npm, which has its settings and its cache there.
REAL: Mapping[str, str] = dict(os.environ)

_OURS = ("WAKELINE_", "XDG_", "CLAUDE", "CODEX_", "OPENCODE_", "AI_AGENT", "DBUS_")
_KEPT = ("WAKELINE_TEST_CACHE",)


def move_in() -> None:
    """Point all that programs call a home to an empty folder that goes with the run."""
    home = tempfile.mkdtemp(prefix="wakeline-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for name in [n for n in os.environ if n.startswith(_OURS) and n not in _KEPT]:
        del os.environ[name]
    os.environ.update(HOME=home, USERPROFILE=home)
