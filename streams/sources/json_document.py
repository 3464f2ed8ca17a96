"""The events or records of one JSON document: an array, or an object that holds one."""

from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder

import msgspec
from msgspec import Raw

from streams.sources.content import Content
from streams.sources.source import SourceError

_array = msgspec.json.Decoder(list[Raw]).decode
_object = msgspec.json.Decoder(dict[str, Raw]).decode


def elements(content: Content) -> Iterator[bytes]:
    """Yield each element of a JSON array as one line, byte for byte but for line ends.

    An object with exactly one list of objects, as shops' APIs answer, is that list; several values after another are
    one element each. Raises ``SourceError`` for what is no whole JSON.
    """
    text = content.stream.read() if content.encoding == "utf-8" else content.text().read().encode()
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    for element in _elements(content.name, text):
        # Between tokens a line end is a blank, and within a text it cannot stand.
        yield element.replace(b"\r", b" ").replace(b"\n", b" ")


def _elements(name: str, text: bytes) -> Iterator[bytes]:
    try:
        if text[:1] == b"[":
            yield from map(bytes, _array(text))
            return
        lists = [bytes(it) for it in _object(text).values() if bytes(it)[:1] == b"["]
        yield from map(bytes, _array(lists[0])) if len(lists) == 1 and lists[0][1:].lstrip()[:1] == b"{" else [text]
    except (msgspec.DecodeError, RecursionError) as error:
        yield from _one_by_one(name, text, str(error))


def _is_object(line: bytes) -> bool:
    try:
        return bool(_object(line))
    except (msgspec.DecodeError, RecursionError):
        return False


def _one_by_one(name: str, text: bytes, error: str) -> Iterator[bytes]:
    found, at, decoder, written = [], 0, JSONDecoder(), text.decode("utf-8", "replace")
    try:
        while at < len(written):
            _, end = decoder.raw_decode(written, at)
            found.append(written[at:end].encode())
            at = len(written) - len(written[end:].lstrip())
    except (JSONDecodeError, RecursionError):
        lines = [line for line in text.split(b"\n") if line.strip()]
        if sum(map(_is_object, lines)) * 2 >= len(lines) > 1:
            yield from text.split(b"\n")  # a value a line, of which the first is broken
            return
        raise SourceError(f"{name} is no whole JSON ({error}): mend the export") from None
    yield from found
