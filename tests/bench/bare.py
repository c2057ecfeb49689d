"""The reference in Python: ``python -m tests.bench.bare FILE SOCKET|PORT [CHAIN KEY]``.

What is appended to a file is read as JSON, numbered, kept, and sent to every client; a client that comes
with ``after=N`` gets what it missed first. With *chain* and *key* over TLS. Nothing is checked.
"""

import asyncio
import contextlib
import json
import logging
import os
import ssl
import sys
from pathlib import Path

from asyncinotify import Inotify, Mask

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: hello\n\n"


class Bare:
    """Owns the frames so far, and who listens."""

    def __init__(self, path: Path) -> None:
        self._reading = os.open(path, os.O_RDONLY)
        os.lseek(self._reading, 0, os.SEEK_END)
        self._notify = Inotify()
        self._notify.add_watch(path, Mask.MODIFY)
        self._frames: list[bytes] = []
        self._clients: set[asyncio.StreamWriter] = set()

    async def serve(self, where: str, context: ssl.SSLContext | None) -> None:
        """Until it is killed."""
        asyncio.get_running_loop().add_reader(self._notify.fd, self._grown)
        if where.isdigit():
            server = await asyncio.start_server(self._greet, "127.0.0.1", int(where), ssl=context)
        else:
            server = await asyncio.start_unix_server(self._greet, where)
        async with server:
            await server.serve_forever()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        _, _, after = head.split(b" ", 2)[1].partition(b"after=")
        writer.write(HEAD + (b"".join(self._frames[int(after) :]) if after else b""))
        self._clients.add(writer)
        with contextlib.suppress(OSError):
            await reader.read()
        self._clients.discard(writer)
        writer.close()

    def _grown(self) -> None:
        os.read(self._notify.fd, 4096)
        for line in os.read(self._reading, 1 << 20).splitlines():
            text = json.dumps({"text": json.loads(line)["message"]["content"][0]["text"]}).encode()
            frame = b"id: %d\nevent: entry\ndata: %b\n\n" % (len(self._frames) + 1, text)
            self._frames.append(frame)
            for client in self._clients:
                if not client.is_closing():
                    client.write(frame)


def main(path: str, where: str, *identity: str) -> None:
    """Serve."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    context = None
    if identity:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*identity)

    async def serve() -> None:
        await Bare(Path(path)).serve(where, context)

    asyncio.run(serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
