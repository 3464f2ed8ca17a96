"""The files of the page: read and packed once, each with a tag of its content, so that a browser fetches it once."""

import gzip
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

_TAG_BYTES = 12
_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


class PageFile(NamedTuple):
    """A file of the page: its content, the same packed by gzip, what it is, and its tag as in the header."""

    body: bytes
    packed: bytes
    content_type: str
    tag: str


def page_files() -> dict[str, PageFile]:
    """Return the files of the page by their paths, such as ``views/overview.js``."""
    return dict(_below(files("streams.serve.page") / "static", ""))


def _below(folder: Traversable, path: str) -> list[tuple[str, PageFile]]:
    found = []
    for each in folder.iterdir():
        name = f"{path}{each.name}"
        if each.is_dir():
            found += _below(each, f"{name}/")
        elif (content_type := _TYPES.get(name.rpartition(".")[2])) is not None:
            body = each.read_bytes()
            tag = f'"{blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"'
            found.append((name, PageFile(body, gzip.compress(body, mtime=0), content_type, tag)))
    return found
