"""Which start of the machine this is."""

import subprocess
import sys

from supervisor.system.boot import boot_id


def test_it_is_the_same_for_every_process_of_one_start() -> None:
    """A restart of the supervisor is no reboot."""
    code = "from supervisor.system.boot import boot_id; print(boot_id())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert other.stdout.strip() == boot_id() != ""
