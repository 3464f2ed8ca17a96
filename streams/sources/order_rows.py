"""Rows of one order brought together, wherever they stand in a file, in bounded memory."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import IO, Any
from zlib import crc32

import orjson

from streams.sources.source import SourceError

Group = tuple[int, list[Any]]
"""The number of its first row, and its rows."""

_MAX_HELD_BYTES = 256 * 1024 * 1024
_ORDER_BYTES = 300  # what an order takes besides its rows
_PARTS = 64


def grouped(
    records: Iterator[tuple[int, Any]],
    key_of: Callable[[Any], Any],
    stands_alone: Callable[[Any], bool],
    max_held: int = 0,
) -> Iterator[Group]:
    """Yield the rows of each order once all records are read, in the order of their first rows.

    A row without a key belongs to the order before it, unless it ``stands_alone``, as a total does. What is more than
    ``max_held`` bytes (256 MiB) goes to files in the folder for temporary ones; the orders then come in another order.
    """
    held: dict[str, bytearray] = {}
    size, limit, last = 0, max_held or _MAX_HELD_BYTES, ""
    with ExitStack() as files:
        parts: list[IO[bytes]] = []
        for number, record in records:
            key = key_text(key_of(record))
            if not key and (not last or stands_alone(record)):
                key = f"\0{number}"
            else:
                key = last = key or last
            # Copied into one array an order: what orjson returns keeps its whole buffer of kilobytes.
            packed = orjson.dumps((number, record), default=str)
            rows = held.get(key)
            if rows is None:
                rows = held[key] = bytearray()
                size += _ORDER_BYTES
            rows += packed
            rows += b"\n"
            size += len(packed)
            if size > limit:
                parts = parts or [files.enter_context(tempfile.TemporaryFile()) for _ in range(_PARTS)]
                _spill(held, parts)
                held, size = {}, 0
        if parts:
            _spill(held, parts)
            for part in parts:
                yield from _unpacked(_read(part))
        else:
            yield from _unpacked(held)


def adjacent(
    name: str,
    records: Iterator[tuple[int, Any]],
    key_of: Callable[[Any], Any],
    stands_alone: Callable[[Any], bool],
) -> Iterator[Group]:
    """Yield the rows of each order as soon as the next one begins; for files in which they stand together.

    Raises ``SourceError`` for an order that stands in two places.
    """
    ended: set[str] = set()
    last, first, rows = "", 0, list[Any]()
    for number, record in records:
        key = key_text(key_of(record))
        if not key and (not last or stands_alone(record)):
            yield number, [record]
            continue
        key = key or last
        if key != last and rows:
            yield first, rows
            ended.add(last)
            rows = []
        if key in ended:
            raise SourceError(f"{name}:{number}: order {key!r} stands in two places: leave out sorted = true")
        if not rows:
            first = number
        last = key
        rows.append(record)
    if rows:
        yield first, rows


def key_text(key: Any) -> str:
    """Return the text of a key; an empty one for none."""
    return key.strip() if isinstance(key, str) else "" if key is None else str(key)


def _unpacked(held: dict[str, bytearray]) -> Iterator[Group]:
    for packed in held.values():
        rows = [orjson.loads(it) for it in packed.splitlines()]
        yield rows[0][0], [record for _, record in rows]


def _spill(held: dict[str, bytearray], parts: list[IO[bytes]]) -> None:
    for key, packed in held.items():
        part = parts[crc32(key.encode()) % len(parts)]
        part.writelines(orjson.dumps(key) + b"\t" + it + b"\n" for it in packed.splitlines())


def _read(part: IO[bytes]) -> dict[str, bytearray]:
    found: dict[str, bytearray] = {}
    part.seek(0)
    for line in part:
        key, _, packed = line.partition(b"\t")
        found.setdefault(orjson.loads(key), bytearray()).extend(packed)
    return found
