"""Asks one endpoint whether it is there: the agent's own, through the agent's own proxy. Blocks."""

import contextlib
import functools
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Final

#: Seconds for all of it.
_PATIENCE: Final = 10.0
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_AUTHORITIES: Final = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
#: What an endpoint says to somebody who shows no key: all of it proves that it is there.
_ANSWERS: Final = frozenset({400, 401, 403, 404, 405, 415, 422})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Hotspots send everybody to their login page; an API sends nobody anywhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def same(url: str, environment: Mapping[str, str]) -> Hashable:
    """What two questions have in common that have the same answer."""
    names = (*_PROXIES, *map(str.upper, _PROXIES), "no_proxy", "NO_PROXY", *_AUTHORITIES)
    return url, *(environment.get(name) for name in names)


def reached(url: str, environment: Mapping[str, str]) -> bool:
    """Whether an API answers at *url*. *environment*: the agent's, for proxies and certificates.

    A login page of a hotspot is no answer, nor is a failing server.
    """
    headers = {"Accept": "application/json", "User-Agent": "wakeline"}
    try:
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(
            _proxies(url, environment),
            urllib.request.HTTPSHandler(context=_context(*_authorities(environment))),
            _NoRedirect,
        )
        with opener.open(request, timeout=_PATIENCE) as answer:
            return "json" in (answer.headers.get_content_type() or "")
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code in _ANSWERS
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _proxies(url: str, environment: Mapping[str, str]) -> urllib.request.ProxyHandler:
    told = {name: environment.get(name) or environment.get(name.upper()) for name in _PROXIES}
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    host = urllib.request.Request(url).host.rpartition("@")[2]
    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it
    if bypass(host, {"no": spared}):
        return urllib.request.ProxyHandler({})
    every = told["all_proxy"]
    found = {"http": told["http_proxy"] or every, "https": told["https_proxy"] or every}
    return urllib.request.ProxyHandler({scheme: proxy for scheme, proxy in found.items() if proxy})


def _authorities(environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Files of authorities that the agent was told to trust, and when they were changed."""
    for name in _AUTHORITIES:
        if place := environment.get(name):
            with contextlib.suppress(OSError):
                yield place, Path(place).stat().st_mtime_ns


@functools.lru_cache(maxsize=8)
def _context(*authorities: tuple[str, int]) -> ssl.SSLContext:
    """For companies that look into TLS. Reading what a system trusts takes a tenth of a second."""
    context = ssl.create_default_context()
    for place, _ in authorities:
        with contextlib.suppress(OSError):
            context.load_verify_locations(place)
    return context
