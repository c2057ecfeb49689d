"""The page's files: a fixed table, packed once, known again by the browser."""

import gzip
import json
from pathlib import Path

from supervisor.remote import files


def _page(folder: Path) -> Path:
    page = folder / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>Wakeline</title>" + "x" * 500)
    (page / "app.js").write_text("'use strict'")
    (page / "notes.md").write_text("not for phones")
    (page / ".hidden.js").write_text("x")
    (page / "deep").mkdir()
    (page / "deep" / "app.js").write_text("x")
    (folder / "secret.js").write_text("secret")
    (page / "link.js").symlink_to(folder / "secret.js")
    return page


def test_only_plain_files_of_known_kinds_are_in_the_table(tmp_path: Path) -> None:
    """No links, no folders, no other kinds, and no path that a request could bend."""
    found = files.table(_page(tmp_path))

    assert set(found) == {"/", "/index.html", "/app.js", "/.hidden.js", "/offline.json"}
    assert found["/"].content_type == "text/html; charset=utf-8"
    assert found["/app.js"].content_type == "text/javascript; charset=utf-8"


def test_what_a_phone_may_keep_is_listed(tmp_path: Path) -> None:
    """Every file once, and a version that is another one when any of them is."""
    page = _page(tmp_path)
    before = json.loads(files.table(page)["/offline.json"].plain)

    (page / "app.js").write_text("changed")

    after = json.loads(files.table(page)["/offline.json"].plain)
    assert before["files"] == after["files"] == ["/", "/.hidden.js", "/app.js"]
    assert before["version"] != after["version"]


def test_no_folder_is_an_empty_table(tmp_path: Path) -> None:
    """A page that is not there is not there, and nothing breaks."""
    assert files.table(tmp_path / "none") == {}


def test_a_file_is_packed_for_those_who_can_unpack(tmp_path: Path) -> None:
    """Packed or plain, it is the same file."""
    file = files.table(_page(tmp_path))["/"]

    packed = files.answer(file, gzip_welcome=True, known_etag=None)
    plain = files.answer(file, gzip_welcome=False, known_etag=None)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == file.plain
    assert len(packed.body) < len(plain.body)


def test_what_the_browser_has_is_not_sent_again(tmp_path: Path) -> None:
    """The same file: nothing but the word that it is the same."""
    file = files.table(_page(tmp_path))["/"]

    known = files.answer(file, gzip_welcome=True, known_etag=f'W/{file.etag}, "other"')
    other = files.answer(file, gzip_welcome=True, known_etag='"other"')

    assert (known.status, known.body) == (304, b"")
    assert other.status == 200
