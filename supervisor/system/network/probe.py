"""Asks one endpoint whether it is there: the agent's own, through the agent's own proxy. Blocks."""

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final

#: Seconds for all of it.
_PATIENCE: Final = 10.0
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
#: What an endpoint says to somebody who shows no key: all of it proves that it is there.
_ANSWERS: Final = frozenset({400, 401, 403, 404, 405, 415, 422})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Hotspots send everybody to their login page; an API sends nobody anywhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def reached(url: str, environment: Mapping[str, str]) -> bool:
    """Whether an API answers at *url*. *environment*: the agent's, for proxies and certificates.

    A login page of a hotspot is no answer, nor is a failing server.
    """
    headers = {"Accept": "application/json", "User-Agent": "wakeline"}
    try:
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(
            _proxies(url, environment),
            urllib.request.HTTPSHandler(context=_context(environment)),
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


def _context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """With the authority that the agent was told to trust, for companies that look into TLS."""
    context = ssl.create_default_context()
    for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        if place := environment.get(name):
            try:
                context.load_verify_locations(place)
            except (OSError, ssl.SSLError):
                continue
    return context
