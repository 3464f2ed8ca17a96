"""The changelog: positions read here, customers by a process of the product (its format is its own)."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tests.chaos.verdict.topics import Seen

POSITION_KEY = b"\x00position"
MARK_PREFIX = b"\x00forgotten"


class Changelog:
    """The last committed word on every partition and customer, and up to when it was decided."""

    def __init__(self, records: Iterable[Seen]) -> None:
        self.positions: dict[tuple[str, int], int] = {}
        self.uptos: dict[int, int] = {}
        self.snapshots: dict[str, bytes] = {}
        self.marks: dict[bytes, bytes | None] = {}
        """What is remembered of customers who were forgotten on request, by its key."""
        self.gone: set[str] = set()
        """Customers of whom the last word is that nothing is known."""
        self.changed_at: dict[str, int] = {}
        """The ``upto`` of the batch that a customer's last record belongs to."""
        self.went_back: list[str] = []
        batch: list[str] = []
        for record in records:
            assert record.key is not None
            if record.key == POSITION_KEY:
                assert record.value is not None
                self._advance(record.partition, record.value)
                self.changed_at.update(dict.fromkeys(batch, self.uptos[record.partition]))
                batch.clear()
            elif record.key.startswith(MARK_PREFIX):
                self.marks[record.key] = record.value
            else:
                self._take(record.key.decode(), record.value)
                batch.append(record.key.decode())

    def _take(self, user_id: str, snapshot: bytes | None) -> None:
        if snapshot is None:
            self.snapshots.pop(user_id, None)
            self.gone.add(user_id)
        else:
            self.snapshots[user_id] = snapshot
            self.gone.discard(user_id)

    def _advance(self, partition: int, value: bytes) -> None:
        marker = msgspec.msgpack.decode(value)
        if marker["upto"] < self.uptos.get(partition, 0):
            self.went_back.append(f"upto of {partition} to {marker['upto']}")
        self.uptos[partition] = marker["upto"]
        for topic, offset in marker["positions"].items():
            if offset < self.positions.get((topic, partition), 0):
                self.went_back.append(f"{topic}[{partition}] to {offset}")
            self.positions[topic, partition] = offset


def profiles(snapshots: dict[str, bytes], policies: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """What the product itself reads out of its snapshots."""
    lines = [json.dumps([key, b64encode(value).decode()]) for key, value in snapshots.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.snapshots", *map(str, policies)],
        input="\n".join(lines).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["userId"]: each for each in found}
