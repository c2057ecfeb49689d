"""What is really started when a person starts Claude Code here: with our hook, patient with its network.

And what is started when a session comes back: with what the person had chosen for it.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from supervisor.agents.claude import files, hooks
from supervisor.agents.claude.command import Command, Given, command
from supervisor.agents.fields import mapping, parsed, short
from supervisor.agents.regular import opened
from supervisor.core.model import Resume
from supervisor.core.steering import Launch

#: Hundreds of tries instead of ten, and also when the server is overloaded.
_PATIENT: Final = "CLAUDE_CODE_RETRY_WATCHDOG"
#: Modes in which no hook is run.
_WITHOUT_HOOKS: Final = ("--bare", "--safe-mode")
_SETTINGS: Final = "--settings"
_SETTINGS_LIMIT: Final = 1024 * 1024
_PACKAGE_LIMIT: Final = 64 * 1024
#: Settings that mean the same wherever they stand; paths in others may start from their file.
_PLACELESS: Final = frozenset({
    "alwaysThinkingEnabled", "attribution", "cleanupPeriodDays", "effortLevel", "enableAllProjectMcpServers",
    "env", "fallbackModel", "hooks", "includeCoAuthoredBy", "language", "model", "outputStyle",
    "showThinkingSummaries", "spinnerTipsEnabled", "theme", "tui", "verbose",
})  # fmt: skip
_IN_PATH: Final = re.compile(
    r"(?:^|[/\\-])claude(?:-code)?[/\\-](?:versions[/\\])?([0-9]+\.[0-9]+\.[0-9]+)(?=[/\\-]|$)"
)


def prepared(launch: Launch, hook: Sequence[str]) -> Launch:
    """Only conversations in this terminal are changed; what is not surely understood is left alone."""
    told = command(launch.argv)
    if told is None or not told.interactive:
        return launch
    environment = {_PATIENT: "1", **launch.environment}
    return replace(launch, argv=_with_hook(launch, told, hook) or launch.argv, environment=environment)


def relaunched(resume: Resume, argv: Sequence[str]) -> Resume:
    """That command by the same program, with what was chosen for the session by *argv*."""
    told = command(argv)
    if told is None:
        return resume
    kept = [word for option in told.options if option.kept for word in _of_the_user(option)]
    return replace(resume, argv=(*told.program, *kept, *resume.argv[1:]))


def version(program: str, environment: Mapping[str, str], cwd: str) -> str | None:
    """The version of an installed Claude Code by where and beside what it lies; it is not started."""
    found = shutil.which(program, path=environment.get("PATH", ""))
    if found is None and re.search(r"[/\\]", program):
        found = program
    if found is None:
        return None
    with suppress(OSError, RuntimeError, ValueError):
        path = Path(cwd, found).resolve(strict=True)
        return next(filter(None, map(_packaged, _packages(path))), None) or _placed(path)
    return None


def _with_hook(launch: Launch, told: Command, hook: Sequence[str]) -> tuple[str, ...] | None:
    ours = hooks.entry(hook, files.AGENT, version(told.program[-1], launch.environment, launch.cwd))
    if ours is None or told.has(*_WITHOUT_HOOKS):
        return None
    given = told.last(_SETTINGS)
    settings = _settings(given, launch.cwd) if given else {}
    merged = None if settings is None else hooks.with_entry(settings, ours)
    if merged is None:
        return None
    first = len(told.program)
    start, end = (given.at, given.at + len(given.words)) if given else (first, first)
    return (*launch.argv[:start], _SETTINGS, json.dumps(merged), *launch.argv[end:])


def _settings(given: Given, cwd: str) -> Mapping[str, Any] | None:
    """The user's own settings on the command line, if they may be moved into ours."""
    told = given.values[0] if given.values else ""
    if told.lstrip().startswith("{"):
        settings = parsed(told)
        return settings if isinstance(settings, dict) else None
    settings = parsed(_content(Path(cwd, told)) or b"")
    return settings if isinstance(settings, dict) and settings.keys() <= _PLACELESS else None


def _content(path: Path) -> bytes | None:
    with suppress(OSError, RuntimeError, ValueError), opened(path.resolve()) as file:
        content = file.read(_SETTINGS_LIMIT + 1)
        return content.removeprefix(b"\xef\xbb\xbf") if len(content) <= _SETTINGS_LIMIT else None
    return None


def _of_the_user(option: Given) -> Sequence[str]:
    """The words of an option, without what ``prepared`` put there."""
    settings = parsed(option.values[0]) if option.name == _SETTINGS and option.values else None
    if not isinstance(settings, dict):
        return option.words
    rest = hooks.without_entries(settings)
    if rest == settings:
        return option.words
    return (_SETTINGS, json.dumps(rest)) if rest else ()


def _packages(path: Path) -> Iterator[Path]:
    """The npm packages that a program may be of."""
    yield path.parent
    yield path.parent.parent
    yield path.parent / "node_modules" / "@anthropic-ai" / "claude-code"


def _packaged(folder: Path) -> str | None:
    with suppress(OSError), opened(folder / "package.json") as file:
        told = mapping(parsed(file.read(_PACKAGE_LIMIT)))
        if str(told.get("name")).startswith("@anthropic-ai/claude-code"):
            return short(told.get("version"))
    return None


def _placed(path: Path) -> str | None:
    """Its own installer, Homebrew and Nix have the version in the path."""
    named = _IN_PATH.search(str(path))
    return named[1] if named else None
