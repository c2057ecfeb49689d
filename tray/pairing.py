"""The window that connects a phone: a code to scan, then the number that the phone shows.

It only mirrors the dialog that the supervisor keeps; closing the window closes the dialog.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.core.errors import WakelineError
from supervisor.core.model import Scope
from tray import words
from tray.follow import Client
from tray.snapshot import mapping, number, rows, text

DIALOG = "/api/pair/dialog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One way to this machine, as a line to choose."""

    address: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the window shows of a dialog."""

    #: ``wait``, ``code``, ``numbers``, ``done`` or ``failed``.
    kind: str
    sentence: str = ""
    url: str | None = None
    numbers: tuple[int, ...] = ()
    addresses: tuple[Address, ...] = ()
    chosen: str | None = None


def scene(dialog: Mapping[str, Any]) -> Scene:
    """What to show for an answer of the API. Labels come from phones that nobody knows yet."""
    label, reason = text(dialog.get("device_label")), text(dialog.get("reason"))
    match dialog.get("state"):
        case "open" if url := text(dialog.get("url")):
            return Scene(
                kind="code",
                sentence=words.plain(reason, 200),
                url=url,
                addresses=_addresses(dialog),
                chosen=text(dialog.get("address")),
            )
        case "choosing":
            numbers = dialog.get("numbers")
            offered = numbers if isinstance(numbers, list) else []
            known = tuple(number for number in offered if isinstance(number, int))
            return Scene(kind="numbers", sentence=words.pair_asks(label), numbers=known)
        case "paired":
            device = mapping(dialog.get("device"))
            scope = text(device.get("scope")) or text(dialog.get("scope"))
            return Scene(kind="done", sentence=words.pair_done(text(device.get("label")) or label, scope))
        case "expired":
            return Scene(kind="failed", sentence=words.PAIR_EXPIRED)
        case "failed":
            return Scene(kind="failed", sentence=words.plain(reason, 200) or words.PAIR_FAILED)
    return Scene(kind="wait", sentence=words.PAIR_WAIT)


def _addresses(dialog: Mapping[str, Any]) -> tuple[Address, ...]:
    return tuple(
        Address(address=address, label=words.address(address, row))
        for row in rows(dialog.get("addresses"))
        if (address := text(row.get("address")))
    )


class Conversation:
    """Talks with the supervisor in threads; owner of nothing but the last dialog's version."""

    def __init__(self, connect: Callable[[], Client], tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._connect, self._tell = connect, tell
        self._closed = threading.Event()
        self._following = False

    def open(self, scope: Scope, address: str | None) -> None:
        """Ask for a new code."""
        body = {"scope": str(scope)} | ({"address": address} if address else {})
        self._in_background(lambda: self._begin(body))

    def choose(self, number: int) -> None:
        """Say which number the phone shows."""
        self._in_background(lambda: self._asked("post", f"{DIALOG}/choice", {"number": number}))

    def close(self) -> None:
        """Close the dialog; the code is worthless from here on."""
        self._closed.set()
        with contextlib.suppress(WakelineError):
            self._connect().delete(DIALOG)

    def _begin(self, body: Mapping[str, Any]) -> None:
        dialog = self._asked("post", DIALOG, body)
        if dialog is not None and not self._following:
            self._following = True
            self._follow(dialog)
            self._following = False

    def _follow(self, dialog: Mapping[str, Any] | None) -> None:
        """Wait for each change of the dialog until there is nothing to wait for."""
        while dialog and dialog.get("state") in ("open", "choosing"):
            version = number(dialog.get("version")) or 0
            dialog = self._asked("get", f"{DIALOG}?after={version:.0f}")

    def _asked(self, verb: str, path: str, *body: Any) -> Mapping[str, Any] | None:
        """The answer, told before it is returned; a failure is told, and ``None``."""
        try:
            answer: Mapping[str, Any] | None = mapping(getattr(self._connect(), verb)(path, *body))
            told = answer
        except WakelineError as failure:
            answer, told = None, {"state": "failed", "reason": f"{failure.title} {failure.hint}".strip()}
        if self._closed.is_set():
            return None
        self._tell(told or {})
        return answer

    def _in_background(self, work: Callable[[], object]) -> None:
        threading.Thread(target=work, daemon=True).start()


def main(_arguments: Sequence[str] = ()) -> int:
    """Open the window until it is closed; the exit code."""
    from supervisor.client import connect

    try:
        import tkinter as tk

        from tray.pairing_window import Window
    except ImportError:
        sys.stderr.write(f"{words.NO_WINDOWS} {words.PHONE_HINT}\n")
        return 1
    try:
        window = Window(connect)
    except tk.TclError:
        sys.stderr.write(f"{words.NO_SCREEN} {words.PHONE_HINT}\n")
        return 1
    window.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
