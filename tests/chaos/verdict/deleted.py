"""Input that a fault deleted: kept by the harness, since the verdict reads every log from its beginning."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.verdict.topics import Seen


def write(path: Path, records: Iterable[Seen]) -> None:
    """One JSON line a record."""
    lines = [
        json.dumps([it.topic, it.partition, it.offset, it.time, _text(it.key), _text(it.value)]) + "\n"
        for it in records
    ]
    path.write_text("".join(lines), "utf-8")


def read(path: Path) -> list[Seen]:
    """What ``write`` wrote."""
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Seen(it[0], it[1], it[2], it[3], _raw(it[4]), _raw(it[5])) for it in found]


def counted(records: Iterable[Seen], skipped: Iterable[tuple[str, int, int, int]]) -> list[Seen]:
    """Leave out the records that were skipped: topic, partition, first offset and the one after the last."""
    gone = {(topic, partition, offset) for topic, partition, first, begin in skipped for offset in range(first, begin)}
    return [it for it in records if (it.topic, it.partition, it.offset) not in gone]


def _text(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


def _raw(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
