"""Where certificates of others come from: files that you name, or Tailscale's own program."""

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.core.errors import Refused
from supervisor.remote import private
from supervisor.remote.vouched import Files, Source, addresses_of, check_wishes

_RESOLVE_SECONDS = 5.0
_STATUS_SECONDS = 10.0
#: A new certificate is asked for at its authority while we wait.
_ISSUE_SECONDS = 90.0
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Own:
    """Certificate and key of a domain of your own."""

    files: Files

    async def bring(self) -> Files:
        """Somebody else renews them: they are where they are."""
        return self.files

    async def addresses(self, name: str) -> Sequence[str]:
        """As the name is resolved here. Raises ``Refused``."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError) as trouble:
            hint = "Give it this machine's address in your DNS, or choose an address with --address."
            raise Refused(f"Nobody knows where {name} is.", hint) from trouble
        return addresses_of([str(one[4][0]) for one in found])


class Tailscale:
    """Owns what Tailscale's program has told: our name there, and our addresses."""

    def __init__(self, folder: Path, program: str = "tailscale") -> None:
        """*folder*: where certificate and key are put; it becomes user-only."""
        self._folder = folder
        self._program = program
        self._addresses: Sequence[str] = ()

    async def bring(self) -> Files:
        """Let it write our certificate; it renews it when that is due. Raises ``Refused``."""
        name = await self._standing()
        private.folder(self._folder)
        files = Files(certificate=self._folder / f"{name}.crt", key=self._folder / f"{name}.key", name=name)
        asked = ["cert", "--cert-file", str(files.certificate), "--key-file", str(files.key), name]
        await self._run(_ISSUE_SECONDS, *asked)
        with contextlib.suppress(OSError):
            files.key.chmod(0o600)
        return files

    async def addresses(self, name: str) -> Sequence[str]:
        """As Tailscale gave them to this machine. Raises ``Refused``."""
        if not self._addresses:
            raise Refused(f"Tailscale gave {name} no address.", "Connect it: tailscale up")
        return self._addresses

    async def _standing(self) -> str:
        """Our name in the tailnet, if it can have a certificate."""
        told = await self._run(_STATUS_SECONDS, "status", "--json", "--peers=false")
        try:
            standing = json.loads(told)
            itself = standing["Self"]
            name = str(itself["DNSName"]).rstrip(".").lower()
            self._addresses = addresses_of([str(one) for one in itself.get("TailscaleIPs") or ()])
        except (ValueError, KeyError, TypeError, AttributeError) as trouble:
            raise Refused(
                "Tailscale's answer was not understood.", "Try: tailscale status --json"
            ) from trouble
        _check_standing(standing, name)
        return name

    async def _run(self, seconds: float, *arguments: str) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as trouble:
            hint = "Install Tailscale, or remove phone.tailscale from the settings."
            raise Refused("Tailscale's program is not here.", hint) from trouble
        try:
            async with asyncio.timeout(seconds):
                told, complaint = await process.communicate()
        except TimeoutError as trouble:
            raise Refused(
                f"Tailscale did not answer within {seconds:.0f} s.", "Try: tailscale status"
            ) from trouble
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            said = " ".join(complaint.decode("utf-8", "replace").split())[:200] or "it gave no reason"
            raise Refused(f"Tailscale refused: {said}", f"Try: tailscale {arguments[0]}")
        return told


def _check_standing(standing: Any, name: str) -> None:
    state = standing.get("BackendState")
    if state != "Running":
        raise Refused(f"Tailscale is not connected ({state}).", "Connect it: tailscale up")
    if not _NAME.fullmatch(name) or "." not in name:
        raise Refused("This machine has no name in Tailscale.", "Turn on MagicDNS in its admin console.")
    if name not in [str(one).lower() for one in standing.get("CertDomains") or ()]:
        hint = "Turn on HTTPS certificates in its admin console, under DNS."
        raise Refused("Tailscale gives no certificates in this network.", hint)


def of_settings(folder: Path, *, certificate: str, key: str, name: str, tailscale: bool) -> Source | None:
    """The source that the settings name; ``None``: our own authority is all there is.

    Raises ``WrongUse`` for settings that contradict each other.
    """
    check_wishes(certificate, key, tailscale=tailscale)
    if tailscale:
        return Tailscale(folder / "tailscale")
    if not certificate:
        return None
    return Own(Files(certificate=Path(certificate).expanduser(), key=Path(key).expanduser(), name=name))
