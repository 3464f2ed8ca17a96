"""The changelog: positions read here, customers by a process of the product (its format is its own)."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.chaos.verdict.recreated import Earlier, counted_in
from tests.chaos.verdict.topics import Seen

POSITION_KEY = b"\x00position"
MARK_PREFIX = b"\x00forgotten"
_MAX_OFF_MS = 60_000


class Changelog:
    """The last committed word on every partition and customer, and up to when it was decided."""

    def __init__(self, records: Iterable[Seen], recreated: Sequence[Earlier] = ()) -> None:
        self._recreated = recreated
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
        self.ahead: list[str] = []
        """Commits by a clock that was ahead of the broker's."""
        batch: list[str] = []
        for record in records:
            assert record.key is not None
            if record.key == POSITION_KEY:
                assert record.value is not None
                self._advance(record.partition, record.value)
                if self.uptos[record.partition] > record.time + _MAX_OFF_MS:
                    self.ahead.append(f"{self.uptos[record.partition]} of {record.partition} at {record.time}")
                self.changed_at.update(dict.fromkeys(batch, self.uptos[record.partition]))
                batch.clear()
            elif record.key.startswith(MARK_PREFIX):
                self.marks[record.key] = record.value
            else:
                self._take(record.key.decode(), record.value)
                batch.append(record.key.decode())
        for it in recreated:
            for number, end in enumerate(it.ends):
                # A changelog that was compacted no longer says how far an earlier log was counted.
                self.positions.setdefault((it.name, number), end)

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
        for named, offset in marker["positions"].items():
            topic = counted_in(self._recreated, named, marker.get("topic_ids", {}).get(named, b""))
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
