"""The files of the phone's page: a table made once, so that no path ever reaches the disk."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from supervisor.remote.exchange import Answer

_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
#: Pictures are small already.
_PACKED = frozenset({".html", ".js", ".css", ".webmanifest", ".svg"})
_JSON = "application/json"
CA_TYPE = "application/x-x509-ca-cert"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file as it is served."""

    content_type: str
    plain: bytes
    packed: bytes | None
    etag: str


def table(folder: Path) -> dict[str, File]:
    """What may be asked for, by its exact path. Only plain files of known kinds in this one folder."""
    found: dict[str, File] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        kind = _TYPES.get(path.suffix)
        if kind is None or path.is_symlink() or not path.is_file():
            continue
        file = made(path.read_bytes(), kind, packed=path.suffix in _PACKED)
        found[f"/{path.name}"] = file
        if path.name == "index.html":
            found["/"] = file
    if found:
        found["/offline.json"] = made(_listed(found), _JSON, packed=True)
    return found


def _listed(found: Mapping[str, File]) -> bytes:
    """What a phone keeps to open the page without us: each file, and one word for all that is in them."""
    names = sorted(found.keys() - {"/index.html"})
    version = sha256("".join(found[name].etag for name in names).encode()).hexdigest()[:16]
    return json.dumps({"version": version, "files": names}).encode()


def made(plain: bytes, content_type: str, *, packed: bool = False) -> File:
    """A file from its bytes; packed once, not for every request."""
    small = gzip.compress(plain, 9, mtime=0) if packed else None
    etag = f'"{sha256(plain).hexdigest()[:32]}"'
    return File(content_type=content_type, plain=plain, packed=small, etag=etag)


def answer(file: File, *, gzip_welcome: bool, known_etag: str | None) -> Answer:
    """The file, packed if the browser can, or the word that what it has is still right."""
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if known_etag is not None and file.etag in known_etag.replace("W/", "").split(", "):
        return Answer(status=304, content_type="", headers=headers)
    if gzip_welcome and file.packed is not None:
        headers["Content-Encoding"] = "gzip"
        return Answer(body=file.packed, content_type=file.content_type, headers=headers)
    return Answer(body=file.plain, content_type=file.content_type, headers=headers)
