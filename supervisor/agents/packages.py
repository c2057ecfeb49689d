"""Of which version an installed agent is, by the npm package that it lies in; nothing is started."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from supervisor.agents.fields import mapping, parsed, short
from supervisor.agents.regular import opened

_LARGEST: Final = 64 * 1024


def version(package: str, program: str, environment: Mapping[str, str], cwd: str) -> str | None:
    """The version of *program*, which may be a name to be looked for; ``None``: not known."""
    found = shutil.which(program, path=environment.get("PATH", "")) or program
    with suppress(OSError, RuntimeError, ValueError):
        return of_script(package, str(Path(cwd, found).resolve(strict=True)))
    return None


@lru_cache(maxsize=64)
def of_script(package: str, script: str) -> str | None:
    """The version of a script by its path; remembered, for a process goes on as it was started."""
    with suppress(OSError, RuntimeError, ValueError):
        folders = _folders(Path(script).resolve(strict=True), package)
        return next(filter(None, (_told(folder, package) for folder in folders)), None)
    return None


def at_least(told: str | None, least: tuple[int, int]) -> bool:
    """Whether this is a version from there on; not known is no."""
    numbers = (told or "").split(".")[:2]
    return len(numbers) == 2 and all(n.isdecimal() for n in numbers) and tuple(map(int, numbers)) >= least


def _folders(path: Path, package: str) -> Iterator[Path]:
    yield from path.parents[:3]
    yield path.parent / "node_modules" / package


def _told(folder: Path, package: str) -> str | None:
    with suppress(OSError), opened(folder / "package.json") as file:
        told = mapping(parsed(file.read(_LARGEST)))
        return short(told.get("version")) if told.get("name") == package else None
    return None
