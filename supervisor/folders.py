"""Where our own files are. ``WAKELINE_HOME`` puts all of them below one folder."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


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
    def terminals(self) -> Path:
        """The sockets of the terminals that are held."""
        return self.runtime / "holders"

    @property
    def trash(self) -> Path:
        """Sessions that were removed, for 30 days."""
        return self.state / "trash"

    @property
    def holders_log(self) -> Path:
        """What the parent of all holders has to say."""
        return self.state / "holders.log"

    @property
    def log(self) -> Path:
        """What the supervisor has to say when nobody looks."""
        return self.state / "supervisor.log"


def folders(environment: Mapping[str, str] = os.environ) -> Folders:
    """Find our folders by the environment."""
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
    """The system's folder for sockets; over SSH and in cron there may be none, and /tmp is everybody's."""
    ours = dirs.user_state_path / "run"
    with warnings.catch_warnings():
        # It warns once for each process only, so that its answer is what tells.
        warnings.simplefilter("ignore")
        try:
            found = dirs.user_runtime_path
        except PermissionError:
            return ours
    return ours if found.parent.name.startswith("runtime-") else found
