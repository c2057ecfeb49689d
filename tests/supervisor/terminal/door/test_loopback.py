"""The door of a holder where there are no socket files: a port, and two words."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from supervisor.terminal.door import loopback
from supervisor.terminal.door.loopback import Porter, Words
from supervisor.terminal.ready import Ready
from tests.lab.waiting import until

HELLO = b"hello, here is the holder"


class House:
    """A porter at work. Greets whom he lets in."""

    def __init__(self, place: Path) -> None:
        """The door is open."""
        self.place = place
        self.listening = loopback.listen()
        self.words = Words.new(self.listening)
        loopback.publish(place, self.words)
        self.guests: list[socket.socket] = []
        self._callers: list[socket.socket] = []
        self._porter = Porter(self.words)
        self._ready = Ready()
        self._ready.to_read[self.listening.fileno()] = self._accept
        self._is_open = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while self._is_open:
            self._ready.wait()

    def _accept(self) -> None:
        connection, _ = self.listening.accept()
        self._callers.append(connection)
        self._porter.let_in(connection, self._ready, self._admit)

    def _admit(self, guest: socket.socket) -> None:
        guest.sendall(HELLO)
        self.guests.append(guest)

    def close(self) -> None:
        """Nobody is served any more."""
        self._is_open = False
        with suppress(OSError), self.knock():
            self._thread.join()
        self.listening.close()
        for caller in self._callers:
            caller.close()

    def knock(self) -> socket.socket:
        """Be somebody who says nothing."""
        return socket.create_connection(("127.0.0.1", self.words.port), 60)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A porter at work."""
    opened = House(tmp_path / "0a1b.sock")
    yield opened
    opened.close()


def test_who_can_read_the_file_is_let_in(house: House) -> None:
    """And knows by the second word that it is the holder who answers."""
    with loopback.connect(house.place) as connection:
        assert connection.recv(len(HELLO), socket.MSG_WAITALL) == HELLO
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

        connection.sendall(b"key")

        until(lambda: house.guests)
        house.guests[0].settimeout(60)
        assert house.guests[0].recv(3) == b"key"


@pytest.mark.parametrize("said", [b"0" * 64, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2, b"\0" * 500])
def test_a_wrong_word_is_hung_up_on(house: House, said: bytes) -> None:
    """Without a word; others are served."""
    with house.knock() as stranger:
        stranger.sendall(said)
        with suppress(ConnectionError):
            assert stranger.recv(1) == b""

    assert house.guests == []
    loopback.connect(house.place).close()


def test_who_says_nothing_keeps_nobody_waiting(house: House) -> None:
    """Not even who has said half of a word."""
    with house.knock() as silent, house.knock() as slow:
        slow.sendall(house.words.caller[:30])

        loopback.connect(house.place).close()
        slow.sendall(house.words.caller[30:])

        assert slow.recv(64, socket.MSG_WAITALL) == house.words.called
        silent.close()


def test_who_says_nothing_for_long_is_hung_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place at the door is not for ever."""
    monkeypatch.setattr(loopback, "_WITHIN", 0.1)
    house = House(tmp_path / "0a1b.sock")

    with house.knock() as silent:
        assert silent.recv(1) == b""

    house.close()


def test_a_stranger_who_has_got_the_port_is_not_believed(tmp_path: Path) -> None:
    """A port of a holder that died may be anybody's."""
    place = tmp_path / "0a1b.sock"
    with loopback.listen() as listening:
        loopback.publish(place, Words.new(listening))
        stranger = threading.Thread(target=lambda: answer(listening, b"1" * 64))
        stranger.start()

        with pytest.raises(ConnectionRefusedError):
            loopback.connect(place)

        stranger.join()


def answer(listening: socket.socket, word: bytes) -> None:
    """Answer the first who calls."""
    connection, _ = listening.accept()
    with connection:
        connection.sendall(word)
        connection.recv(64)


@pytest.mark.parametrize("text", [b"", b"1 2 3", b"x " + b"a" * 64 + b" " + b"b" * 64, b"\xff\0"])
def test_a_file_that_is_no_place_is_nobodys(tmp_path: Path, text: bytes) -> None:
    """As a socket file that nobody answers at."""
    place = tmp_path / "0a1b.sock"
    place.write_bytes(text)

    with pytest.raises(ConnectionRefusedError):
        loopback.connect(place)


def test_the_file_is_for_this_user_and_whole(house: House) -> None:
    """It stands there when the port is open, and nothing is left of its making."""
    assert Words.read(house.place.read_bytes()) == house.words
    assert list(house.place.parent.iterdir()) == [house.place]
    assert os.name == "nt" or house.place.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("strangers", [0, 1])
def test_a_new_holder_calls_back(tmp_path: Path, strangers: int) -> None:
    """It is told where by its standard input; a stranger who calls first is not taken for it."""
    told: list[bytes] = []
    threads: list[threading.Thread] = []

    def start(end: int) -> None:
        """Start a holder that does nothing but call."""
        mine = os.dup(end)
        threads.append(threading.Thread(target=lambda: be_born(mine)))
        threads[0].start()

    def be_born(end: int) -> None:
        with os.fdopen(end, "rb") as standard_input:
            told.append(standard_input.read())
        words = Words.read(told[0].split(b"\n")[0])
        for _ in range(strangers):
            with socket.create_connection(("127.0.0.1", words.port)) as stranger:
                stranger.sendall(b"x" * 64)
                stranger.recv(1)
        with loopback.call(words) as connection:
            connection.sendall(b"born")

    with loopback.begetter(tmp_path, start) as connection:
        assert connection.recv(4, socket.MSG_WAITALL) == b"born"

    threads[0].join()
    assert told[0].partition(b"\n")[2] == os.fsencode(tmp_path)
