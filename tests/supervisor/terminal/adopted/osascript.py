"""Stands in for macOS's osascript: AppleScript itself was never run here."""

import json
import sys
from pathlib import Path

_SCRIPT = f"""#!{sys.executable}
import json, os, pathlib, sys
script, words = sys.stdin.read(), sys.argv[1:]
paths = [pathlib.Path(word) for word in words if word.startswith("/") and os.path.isfile(word)]
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as asked:
    asked.write(json.dumps([script, words, [path.read_bytes().decode() for path in paths]]) + "\\n")
sys.stdout.write((here / "answer").read_text())
"""


class Osascript:
    """Notes what it was given, and answers what it was told to."""

    def __init__(self, folder: Path) -> None:
        """A program of that name, in this folder."""
        self._folder = folder
        (folder / "osascript").write_text(_SCRIPT)
        (folder / "osascript").chmod(0o755)

    def answers(self, text: str) -> None:
        """From now on."""
        (self._folder / "answer").write_text(text)

    @property
    def last(self) -> tuple[str, list[str], list[str]]:
        """The script, the words behind it, and what was in files that they named."""
        script, words, files = json.loads((self._folder / "asked").read_text().splitlines()[-1])
        return script, words, files
