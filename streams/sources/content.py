"""The content of a file or of standard input: decompressed, and of which kind it is."""

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import cast

import cramjam
import msgspec

from streams.sources.source import SourceError

_SAMPLE_BYTES = 262_144
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_OTHERS = {
    b"PK\x03\x04": "an Excel workbook or another ZIP archive: save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV",
    b"SQLite format 3": "an SQLite database: export its table as CSV",
    b"%PDF": "a PDF: export the data as CSV",
    b"ORC": "an ORC file: export it as Parquet or CSV",
    b"Obj\x01": "an Avro file: export it as Parquet or JSON lines",
    b"BZh": "packed by bzip2: pack it by gzip or zstd, or not at all",
    b"\xfd7zXZ": "packed by xz: pack it by gzip or zstd, or not at all",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Kind(Enum):
    """What a file holds."""

    LINES = "JSON lines"
    DOCUMENT = "a JSON document"
    TABLE = "CSV"
    PARQUET = "Parquet"


class Content:
    """The bytes of an opened source, of one kind. ``encoding`` is that of its text."""

    def __init__(self, name: str, stream: io.BufferedReader) -> None:
        self.name = name
        self.stream = stream
        self.sample = stream.peek(_SAMPLE_BYTES)
        self.encoding = _encoding(self.sample)
        self.kind = _kind(name, self.sample, self.encoding)
        self._text: io.TextIOWrapper | None = None

    def text(self, encoding: str = "") -> io.TextIOWrapper:
        """Return the text, with line ends as they are. Bytes that are no UTF-8 are read as Windows-1252."""
        encoding = encoding or self.encoding
        self.stream.read(next((len(bom) for bom, _ in _BOMS if self.sample.startswith(bom)), 0))
        self._text = io.TextIOWrapper(self.stream, encoding=encoding, errors=_AS_WINDOWS, newline="")
        return self._text

    def release(self) -> None:
        """Give the stream back to who opened it."""
        if self._text is not None:
            self._text.detach()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines in UTF-8, without a byte order mark."""
        if self.encoding != "utf-8":
            yield from (line.encode("utf-8", "replace") for line in self.text())
            return
        for number, line in enumerate(self.stream):
            yield line.removeprefix(codecs.BOM_UTF8) if number == 0 else line


@contextmanager
def open_content(name: str) -> Iterator[Content]:
    """Open a file (``-``: standard input). Raises ``SourceError`` here, and while the content is read."""
    try:
        with _raw(name) as raw:
            content = Content(name, _unpacked(raw))
            try:
                yield content
            finally:
                content.release()
    except FileNotFoundError as error:
        others = "a source is a file, - for standard input, complete-journey, cdnow, simulated or a simulated-NAME"
        raise SourceError(f"{name} cannot be read: {error.strerror}; {others}") from None
    except IsADirectoryError:
        raise SourceError(f"{name} is a folder: name the file in it") from None
    except (OSError, EOFError, zlib.error, cramjam.DecompressionError) as error:
        raise SourceError(f"{name} cannot be read: {error}") from None


@contextmanager
def _raw(name: str) -> Iterator[io.BufferedReader]:
    if name == "-":
        # Not closed: it is the process's own.
        yield io.BufferedReader(cast(io.RawIOBase, sys.stdin.buffer), _SAMPLE_BYTES)
        return
    with Path(name).open("rb", buffering=_SAMPLE_BYTES) as file:
        yield cast(io.BufferedReader, file)


def _unpacked(raw: io.BufferedReader) -> io.BufferedReader:
    start = raw.peek(4)[:4]
    if start.startswith(_GZIP):
        return io.BufferedReader(cast(io.RawIOBase, gzip.open(raw)), _SAMPLE_BYTES)
    if start == _ZSTD:
        unpacked = io.BytesIO(bytes(cramjam.zstd.decompress(raw.read())))
        return io.BufferedReader(cast(io.RawIOBase, unpacked), _SAMPLE_BYTES)
    return raw


def _encoding(sample: bytes) -> str:
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return encoding
    start = sample[:400]
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    return "utf-16-be" if start[0::2].count(0) > len(start) // 4 else "utf-8"


def _kind(name: str, sample: bytes, encoding: str) -> Kind:
    if sample.startswith(_PARQUET):
        return Kind.PARQUET
    for start, what in _OTHERS.items():
        if sample.startswith(start):
            raise SourceError(f"{name} is {what}")
    text = sample.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if "\0" in text[:4096]:
        raise SourceError(f"{name} is no text: it must be JSON lines, a JSON array, CSV or Parquet")
    if text[:1] == "<":
        raise SourceError(f"{name} is XML or HTML: export it as CSV or JSON")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return Kind.LINES
    if text[:1] in "[{":
        return Kind.LINES if _is_by_lines(lines) else Kind.DOCUMENT
    return Kind.TABLE if not any(_is_json(line) for line in lines[:20]) and _is_table(lines[:20]) else Kind.LINES


def _is_by_lines(lines: list[str]) -> bool:
    """Tell whether a text that begins with a bracket has a value a line, and is not one document."""
    first = lines[0].rstrip()
    if first[:1] == "[":
        return len(lines) > 1 and _is_json(first)
    return len(lines) == 1 or _is_json(first) or first[-1:] not in "{[,:"


def _is_json(line: str) -> bool:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(value, dict | list) or (isinstance(value, str) and value[:1] == "{")


def _is_table(lines: list[str]) -> bool:
    """Tell whether the first line has columns, or, below titles, all from some line on have."""
    have = [any(mark in line for mark in ",;\t|") for line in lines]
    return have[0] or (len(lines) > 2 and all(have[-2:]) and have.count(True) * 2 >= len(lines))


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_WINDOWS.get(byte, chr(byte)) for byte in wrong), error.end


_WINDOWS = {byte: bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in range(128, 256)}
_AS_WINDOWS = "lifestage-windows-1252"
codecs.register_error(_AS_WINDOWS, _as_windows)
