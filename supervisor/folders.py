"""Where our own files are. ``WAKELINE_HOME`` puts all of them below one folder."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from supervisor.core.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Our four folders; none of them need exist yet."""

    config: Path
    state: Path
    cache: Path
    runtime: Path

    @property
    def settings(self) -> Path:
        """The one file of settings."""
        return self.config / "settings.toml"

    @property
    def socket(self) -> Path:
        """The local socket of the supervisor."""
        return self.runtime / "api.sock"

    @property
    def log(self) -> Path:
        """What the supervisor has to say when nobody looks."""
        return self.state / "supervisor.log"


def folders(environment: Mapping[str, str] = os.environ) -> Folders:
    """Find our folders by the environment. Raises ``Refused`` where there is no place for sockets."""
    if home := environment.get("WAKELINE_HOME"):
        base = Path(home).expanduser().absolute()
        return Folders(
            config=base / "config", state=base / "state", cache=base / "cache", runtime=base / "run"
        )
    dirs = platformdirs.PlatformDirs("wakeline", appauthor=False)
    return Folders(
        config=dirs.user_config_path,
        state=dirs.user_state_path,
        cache=dirs.user_cache_path,
        runtime=_runtime(dirs),
    )


def _runtime(dirs: platformdirs.PlatformDirs) -> Path:
    """Where sockets go. Raises ``Refused`` when somebody else has taken that place."""
    with warnings.catch_warnings():
        # Without a login session (containers, cron) it is another folder of this user's, which is fine.
        warnings.simplefilter("ignore")
        try:
            return dirs.user_runtime_path
        except PermissionError as taken:
            raise Refused(f"{taken}.", "Set WAKELINE_HOME to a folder of yours.") from taken
