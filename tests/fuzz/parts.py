"""What reads words that others write, by name: each with a way to hand it malformed input."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

from tests.fuzz import tells, terminals, transcripts, wires

#: Hands over one malformed input, made by these numbers; raises what must never be raised.
Take: TypeAlias = Callable[[Random], None]


@dataclass(frozen=True, slots=True)
class Part:
    """*begin*: for a while, in an empty folder; *share*: how much it gets beside the others."""

    begin: Callable[[Path], AbstractContextManager[Take]]
    share: int = 1


def _plain(begin: Callable[[Path], Take]) -> Callable[[Path], AbstractContextManager[Take]]:
    @contextlib.contextmanager
    def begun(folder: Path) -> Iterator[Take]:
        yield begin(folder)

    return begun


PARTS: Final[Mapping[str, Part]] = {
    **{name: Part(_plain(transcripts.conversation(name)), 14) for name in transcripts.LINES},
    "files": Part(_plain(transcripts.files), 4),
    "opencode": Part(_plain(transcripts.database), 1),
    "registries": Part(_plain(tells.registries), 1),
    "channel": Part(_plain(tells.channel), 3),
    "daemon": Part(_plain(tells.daemon), 1),
    "server": Part(_plain(tells.server), 1),
    "log": Part(_plain(tells.log), 2),
    "hook": Part(_plain(tells.hook), 3),
    "frames": Part(_plain(wires.frames), 14),
    "holder": Part(terminals.holder, 8),
    "answers": Part(_plain(wires.answers), 4),
    "pictures": Part(_plain(wires.pictures), 3),
    "settings": Part(_plain(wires.configured), 2),
    "phones": Part(wires.phones, 4),
    "emulator": Part(_plain(terminals.emulator), 4),
    "bookkeeping": Part(_plain(terminals.bookkeeping), 4),
}
