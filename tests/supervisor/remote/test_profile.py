"""Our authority as iOS takes it."""

import plistlib
from pathlib import Path

from supervisor.remote import tls
from supervisor.remote.profile import profile
from supervisor.remote.words import words

NOW = 1_800_000_000.0


def test_a_profile_carries_the_root_and_nothing_else(tmp_path: Path) -> None:
    """One root certificate; it can be removed, and says the words to compare."""
    identity = tls.prepare(tmp_path, ["192.168.1.5"], NOW)

    told = plistlib.loads(profile(identity))

    assert told["PayloadType"] == "Configuration"
    assert not told["PayloadRemovalDisallowed"]
    assert words(identity.root_sha256) in told["PayloadDescription"]
    assert [part["PayloadType"] for part in told["PayloadContent"]] == ["com.apple.security.root"]
    assert told["PayloadContent"][0]["PayloadContent"] == identity.root


def test_the_same_authority_is_the_same_profile(tmp_path: Path) -> None:
    """Installed twice it is there once; another machine's is another one."""
    first = profile(tls.prepare(tmp_path / "one", ["192.168.1.5"], NOW))
    again = profile(tls.prepare(tmp_path / "one", ["192.168.1.6"], NOW))
    other = profile(tls.prepare(tmp_path / "other", ["192.168.1.5"], NOW))

    assert first == again
    assert plistlib.loads(other)["PayloadUUID"] != plistlib.loads(first)["PayloadUUID"]
