"""Our hook in settings of Claude Code: what stands there, and how it is known again.

One event only: ``PermissionRequest``. Its hooks run beside the dialog of the program, and whoever
answers first has answered; all that we know else of a session is told by its files.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from supervisor.agents.fields import mapping, sequence

#: Versions before refuse settings that name it, and with them all that stands in that file.
EVENT: Final = "PermissionRequest"
_SINCE: Final = (2, 0, 45)
#: Programs are started without a shell. Which one it would be on Windows is not known beforehand.
_WITHOUT_SHELL_SINCE: Final = (2, 1, 139)

#: The end of our command: to every shell a comment.
_MARK: Final = "# wakeline"
#: Seconds that a question may wait for its answer.
_TIMEOUT: Final = 24 * 60 * 60

_VERSION: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})(?:[-+].*)?")
_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def entry(hook: Sequence[str], agent: str, version: str | None) -> Mapping[str, Any] | None:
    """Our hook as settings have it; ``None`` where the version does not know what it needs.

    Equal for all versions of one system: hooks of the same command run once, wherever they stand.
    """
    numbers = _numbers(version)
    if not hook or numbers is None or numbers < _SINCE:
        return None
    if not _WINDOWS.match(hook[0]):
        command = f"{shlex.join([*hook, agent])} {_MARK}"
        return {"type": "command", "command": command, "timeout": _TIMEOUT}
    if numbers < _WITHOUT_SHELL_SINCE:
        return None
    return {"type": "command", "command": hook[0], "args": [*hook[1:], agent, _MARK], "timeout": _TIMEOUT}


def is_ours(hook: object) -> bool:
    """Whether that is a hook of ours, of whatever version and place."""
    told = mapping(hook)
    words = [told.get("command"), *sequence(told.get("args"))]
    return isinstance(words[-1], str) and words[-1].endswith(_MARK)


def all_ours(group: object) -> bool:
    """Whether a group of hooks has hooks, and only ours."""
    hooks = sequence(mapping(group).get("hooks"))
    return bool(hooks) and all(map(is_ours, hooks))


def with_entry(settings: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any] | None:
    """Settings with our hook behind all others; ``None`` where they are not what they should be."""
    settings = without_entries(settings)
    hooks = settings.get("hooks", {})
    groups = hooks.get(EVENT, []) if isinstance(hooks, dict) else None
    if not isinstance(groups, list):
        return None
    return {**settings, "hooks": {**hooks, EVENT: [*groups, {"hooks": [ours]}]}}


def without_entries(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without our hook, and without what would be empty for want of it."""
    hooks = mapping(settings.get("hooks"))
    rest = {event: _without_ours(groups) for event, groups in hooks.items()}
    if rest == hooks:
        return dict(settings)
    left = {event: groups for event, groups in rest.items() if groups or not hooks[event]}
    return {
        **{key: value for key, value in settings.items() if key != "hooks"},
        **({"hooks": left} if left else {}),
    }


def _without_ours(groups: object) -> object:
    if not isinstance(groups, list):
        return groups
    return [_others(group) for group in groups if not all_ours(group)]


def _others(group: object) -> object:
    hooks = sequence(mapping(group).get("hooks"))
    if not any(map(is_ours, hooks)):
        return group
    return {**mapping(group), "hooks": [hook for hook in hooks if not is_ours(hook)]}


def _numbers(version: str | None) -> tuple[int, ...] | None:
    told = _VERSION.fullmatch(version or "")
    return tuple(int(number) for number in told.groups()) if told else None
