"""One connection: aiohttp speaks HTTP on it, and we hold the clock and count the bytes.

The only module that knows the HTTP library. Its time-outs are not relied on: each stage of a
connection has a deadline here, and when it passes the connection is cut.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from supervisor.remote.tls import without_authorities

# Its client, which nobody here uses, reads at once all authorities that the system trusts. By their own
# modules, because ``aiohttp.web`` brings along what serves files, finds routes and reads arguments.
with without_authorities():
    from aiohttp.http_exceptions import LineTooLong
    from aiohttp.web_exceptions import HTTPException
    from aiohttp.web_protocol import RequestHandler
    from aiohttp.web_request import BaseRequest
    from aiohttp.web_response import Response, StreamResponse
    from aiohttp.web_server import Server

from supervisor.remote import access
from supervisor.remote.access import POLICY
from supervisor.remote.carry import Carriers
from supervisor.remote.crowd import Guest
from supervisor.remote.door import Door
from supervisor.remote.exchange import EVENTS, Answer, Carry, Head, Listener, Refusal
from supervisor.remote.stream import CLOGGED, Streams

HEAD_SECONDS = 5.0
BODY_SECONDS = 10.0
#: For the whole answer to be taken by the other side; longer than the longest poll.
ANSWER_SECONDS = 30.0
IDLE_SECONDS = 75.0
STRANGER_IDLE_SECONDS = 15.0
#: Discards what a refused client still sends, so that it gets to read why.
_LINGER_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Hall(Server):
    """Owns what all connections share."""

    def __init__(self, door: Door, streams: Streams, carriers: Carriers) -> None:
        super().__init__(self.serve)
        self.door = door
        self.streams = streams
        self.carriers = carriers
        #: Lanes that have something to send in this turn of the loop.
        self._full: list[Lane] = []

    def soon(self, lane: "Lane") -> None:
        """Let it send when all is told that is told at once: fewer records, and fewer packets to a phone."""
        if not self._full:
            asyncio.get_running_loop().call_soon(self._send)
        self._full.append(lane)

    def _send(self) -> None:
        full, self._full = self._full, []
        for lane in full:
            lane.flush()

    async def serve(self, request: BaseRequest) -> StreamResponse:
        """One request, admitted or refused, answered or followed."""
        lane = request.protocol
        if not isinstance(lane, Lane):
            raise TypeError("a request came on no lane of ours")
        lane.begin()
        try:
            admitted = self.door.admit(_head(request, lane.guest), lane.listener())
            if admitted.ask.caller:
                lane.guest.proved = True
            body = await _body(request) if admitted.length else b""
            answer = await self.door.answer(admitted, body)
        except Refusal as refusal:
            answer = refusal.answer
        if isinstance(answer, Answer):
            return _response(answer)
        caller = admitted.ask.caller
        if caller is None:
            return _response(Refusal(401).answer)
        if isinstance(answer, Carry):
            response = await _open_stream(request, answer.content_type)
            await self.carriers.serve(lane, response.write, answer, caller)
            return response
        response = await _open_stream(request, EVENTS)
        await self.streams.serve(lane, answer, caller)
        return response


class Lane(RequestHandler):
    """One connection. As a ``stream.Pipe`` it also carries a stream of events."""

    def __init__(
        self,
        hall: Hall,
        guest: Guest,
        listener: Callable[[], Listener],
        left: Callable[[Guest], None],
    ) -> None:
        super().__init__(
            hall,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None turns the log off, as in its AppRunner
            auto_decompress=False,
            lingering_time=_LINGER_SECONDS,
            max_headers=access.HEADER_COUNT,
        )
        self._hall = hall
        self._left = left
        self.guest = guest
        self.listener = listener
        self._deadline: asyncio.TimerHandle | None = None
        self._between_requests = False
        self._unread = 0
        longest = access.LOCAL_BODY_BYTES if listener().local else access.BODY_BYTES
        self._may_be_unread = access.HEAD_BYTES + longest
        self.gone = asyncio.Event()
        self._told: list[bytes] = []
        self._told_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The other side is there: it has some seconds to say what it wants."""
        super().connection_made(transport)
        if isinstance(transport, asyncio.Transport):
            transport.set_write_buffer_limits(high=CLOGGED)
        self.guest.leave = self.abort
        self._within(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Bytes came. The first of a request start its clock; too many before it is whole end it."""
        if self._between_requests:
            self._between_requests = False
            self._within(HEAD_SECONDS)
        self._unread += len(data)
        if self._unread > self._may_be_unread:
            self.abort()
            return
        super().data_received(data)

    def begin(self) -> None:
        """The head is complete; from here on whoever waits has a deadline of its own."""
        self._within(None)
        self._unread = 0

    async def finish_response(
        self, request: BaseRequest, resp: StreamResponse, start_time: float | None
    ) -> tuple[StreamResponse, bool]:
        """Send the answer, and do not wait for ever for it to be taken."""
        self.flush()
        self._within(ANSWER_SECONDS)
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._between_requests = True
            self._unread = 0
            self._within(IDLE_SECONDS if self.guest.proved else STRANGER_IDLE_SECONDS)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The other side is gone."""
        self._within(None)
        self.gone.set()
        self._left(self.guest)
        self._hall.streams.lost(self)
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """The other side took what it was sent."""
        super().resume_writing()
        self._hall.streams.has_room(self)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> StreamResponse:
        """What the library could not read or we failed at: the same few words as any refusal."""
        if status >= 500:
            _log.error("A request failed.", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was under way already")
        return _response(Refusal(431 if isinstance(exc, LineTooLong) else status).answer)

    def send(self, data: bytes) -> None:
        """Hand over bytes; never waits."""
        if self.transport is None:
            return
        if not self._told:
            self._hall.soon(self)
        self._told.append(data)
        self._told_bytes += len(data)

    def flush(self) -> None:
        """Send what was handed over, as one piece."""
        told, self._told, self._told_bytes = self._told, [], 0
        if told and self.transport is not None and not self.transport.is_closing():
            self.transport.write(told[0] if len(told) == 1 else b"".join(told))

    def unsent(self) -> int:
        """Bytes handed over that the other side has not taken."""
        return self._told_bytes + self.transport.get_write_buffer_size() if self.transport is not None else 0

    def abort(self) -> None:
        """Cut the connection now."""
        if self.transport is not None:
            self.transport.abort()

    def _within(self, seconds: float | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None
        if seconds is not None and self.transport is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, self.abort)


class _Plain(Response):
    """An answer that does not say which software made it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


class _PlainStream(StreamResponse):
    """A stream that does not say which software made it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


def _head(request: BaseRequest, guest: Guest) -> Head:
    if request.version != (1, 1):
        raise Refusal(400)
    headers = tuple(
        (name.decode("ascii", "replace").lower(), value.decode("latin-1"))
        for name, value in request.raw_headers
    )
    return Head(
        method=request.method,
        target=request.raw_path,
        headers=headers,
        address=guest.address,
        pid=guest.pid,
    )


async def _body(request: BaseRequest) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            # How long it may be was decided by its announced length.
            return await request.content.read()
    except TimeoutError as trouble:
        raise Refusal(408) from trouble
    except HTTPException as trouble:
        raise Refusal(trouble.status) from trouble


def _response(answer: Answer) -> Response:
    headers: dict[str, Any] = {**POLICY, **answer.headers}
    if answer.content_type:
        headers["Content-Type"] = answer.content_type
    response = _Plain(status=answer.status, body=answer.body or None, headers=headers)
    if answer.close:
        response.force_close()
    return response


async def _open_stream(request: BaseRequest, content_type: str) -> StreamResponse:
    headers = {**POLICY, "Content-Type": content_type}
    response = _PlainStream(headers=headers)
    response.force_close()
    # The frames of the stream are chunks already: they are made once for all readers.
    await response.prepare(request)
    return response
