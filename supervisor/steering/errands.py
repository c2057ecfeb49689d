"""Runs an agent's own command for an errand, such as deleting a session that it keeps in a database."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from supervisor.core.errors import Failed
from supervisor.core.model import Resume

#: Seconds after which an errand is given up: these programs start slowly.
_PATIENCE: Final = 60.0


class Errands:
    """Owns nothing. *environment*: the user's; may block."""

    def __init__(self, environment: Callable[[], Mapping[str, str]]) -> None:
        self._environment = environment

    async def run(self, way: Resume, document: bytes | None = None) -> None:
        """Run it to its end, with *document* in a file as its last argument. Raises ``Failed``."""
        with contextlib.ExitStack() as stack:
            argv = list(way.argv)
            if document is not None:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wakeline-")))
                place = folder / "session.json"
                place.write_bytes(document)
                argv.append(str(place))
            await self._run(argv, way.cwd)

    async def _run(self, argv: list[str], cwd: str | None) -> None:
        environment = await asyncio.to_thread(self._environment)
        is_there = cwd is not None and await asyncio.to_thread(Path(cwd).is_dir)
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd if is_there else None,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as trouble:
            raise Failed(f"{argv[0]} cannot be started: {trouble.strerror}.", "Is it installed?") from trouble
        try:
            _, said = await asyncio.wait_for(process.communicate(), _PATIENCE)
        except TimeoutError as late:
            process.kill()
            await process.wait()
            raise Failed(f"{argv[0]} {argv[1] if len(argv) > 1 else ''} did not end.") from late
        if process.returncode:
            last = said.decode("utf-8", "replace").strip().splitlines()
            raise Failed(f"{argv[0]} refused: {last[-1][:200] if last else process.returncode}.")
