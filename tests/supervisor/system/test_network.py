"""Whether the network has changed, and whether one endpoint answers through it."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from supervisor.system import network
from supervisor.system.network import elsewhere


@contextmanager
def answering(status: int, content_type: str, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            body = json.dumps({}).encode()
            for name, value in {"Content-Type": content_type, **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/models"
        server.shutdown()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 405])
def test_an_api_that_answers_is_there(status: int) -> None:
    """Whoever shows no key is told so: that proves enough."""
    with answering(status, "application/json") as url:
        assert network.reached(url, {})


@pytest.mark.parametrize(
    ("status", "content_type", "headers"),
    [
        (200, "text/html", {}),
        (302, "text/html", {"Location": "http://127.0.0.1:9/login"}),
        (500, "application/json", {}),
        (502, "text/html", {}),
        (529, "application/json", {}),
        (407, "text/html", {}),
    ],
)
def test_a_hotspots_login_page_is_no_api(status: int, content_type: str, headers: dict[str, str]) -> None:
    """Neither a page for people, nor a redirection, nor a failing server lets anybody go on."""
    with answering(status, content_type, headers) as url:
        assert not network.reached(url, {})


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/v1/models", "http://name.invalid/v1/models", "https://127.0.0.1:9/", "http://[::1/"],
)
def test_what_is_not_there_is_not_there(url: str) -> None:
    """Refused, without a name, nonsense: no answer, and no error."""
    assert not network.reached(url, {})


def test_the_agents_own_proxy_is_used() -> None:
    """Where the agent goes through a proxy, so does the question; what it spares is spared."""
    with answering(200, "application/json") as proxy:
        through = {"http_proxy": proxy.removesuffix("/v1/models")}

        assert network.reached("http://name.invalid/v1/models", through)
        assert not network.reached("http://name.invalid/v1/models", {**through, "NO_PROXY": "name.invalid"})


@pytest.mark.anyio
async def test_addresses_are_compared_where_nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that comes or goes is noticed."""
    monkeypatch.setattr(elsewhere, "_EVERY", 0.01)
    pictures = iter([frozenset(), frozenset(), frozenset({("eth0", "10.0.0.1", True)})])
    last = frozenset({("eth0", "10.0.0.1", True)})
    monkeypatch.setattr(elsewhere, "_picture", lambda: next(pictures, last))
    told = asyncio.Event()

    following = asyncio.ensure_future(elsewhere.follow(told.set))
    await asyncio.wait_for(told.wait(), 60)
    following.cancel()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word is Linux's")
def test_the_kernel_tells_of_links_and_addresses() -> None:
    """In a network of its own: an address that comes, and a link that goes, are told at once."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs root and ip: a network namespace of its own")
    script = (
        "import asyncio, subprocess\n"
        "from supervisor.system.network import linux\n"
        "async def main():\n"
        "    told = asyncio.Event()\n"
        "    task = asyncio.ensure_future(linux.follow(told.set))\n"
        "    await asyncio.sleep(0.2)\n"
        "    for words in ('link set lo up', 'addr add 10.9.9.9/32 dev lo', 'link set lo down'):\n"
        "        told.clear()\n"
        "        subprocess.run(['ip', *words.split()], check=True)\n"
        "        await asyncio.wait_for(told.wait(), 60)\n"
        "        print('told', words, flush=True)\n"
        "        await asyncio.sleep(0.5)\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.count("told") == 3, done.stdout + done.stderr


def test_the_networks_around_are_told_with_their_prefixes() -> None:
    """Loopback is one that every machine has."""
    found = {one.address: (one.prefix, one.router) for one in network.around()}

    assert found["127.0.0.1"] == ("127.0.0.0/8", None)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's tables are Linux's")
def test_the_kernels_tables_are_read() -> None:
    """In the byte order of the machine; what has no answer yet is not known."""
    assert sys.platform == "linux"
    from supervisor.system.network import routers

    routes = [
        ["tun0", "00000000", "0100080A", "0003", "0"],
        ["eth0", "00000000", "144DA8C0", "0003", "0"],
        ["eth0", "004DA8C0", "00000000", "0001", "0"],
    ]
    neighbours = [
        ["192.168.77.20", "0x1", "0x2", "02:00:00:00:00:01", "*", "eth0"],
        ["10.8.0.1", "0x1", "0x0", "00:00:00:00:00:00", "*", "tun0"],
    ]

    assert dict(routers._known(neighbours)) == {("eth0", "192.168.77.20"): "02:00:00:00:00:01"}
    if sys.byteorder == "little":
        assert dict(routers._gateways(routes)) == {"tun0": "10.8.0.1", "eth0": "192.168.77.20"}
