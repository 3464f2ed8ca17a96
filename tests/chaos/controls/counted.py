"""The verdict on a stock worker: every event's place published once, every customer counted right."""

import json
from collections import Counter
from typing import Any

from streams.settings import Settings
from streams.topics import topics_of
from tests.chaos.controls.stock_worker import TABLE
from tests.chaos.verdict import topics


async def judge(settings: Settings) -> dict[str, Any]:
    """Return what a verdict is made of; the table is read as its changelog has it."""
    names, partitions = topics_of(settings), settings.partitions
    records = await topics.read(settings.broker, list(names.inputs), partitions, "read_committed")
    published = await topics.read(settings.broker, [names.transitions], partitions, "read_committed")
    everything = await topics.read(settings.broker, [names.transitions], partitions, "read_uncommitted")
    table = f"{settings.app_id}-{TABLE}-changelog"
    changes = await topics.read(settings.broker, [table], partitions, "read_committed")

    expected = Counter(f"{it.topic}:{it.partition}:{it.offset}".encode() for it in records)
    seen = Counter(it.value or b"" for it in published)
    held = {(it.partition, it.key or b""): json.loads(it.value) for it in changes if it.value is not None}
    counted = Counter((it.partition, it.key or b"nobody") for it in records)
    wrong = [key for key in counted.keys() | held.keys() if counted.get(key) != held.get(key)]
    return {
        "lost": (expected - seen).total(),
        "duplicated": (seen - expected).total(),
        "wrong_state": len(wrong),
        "wrong_transitions": 0,
        "unaccounted": 0,
        "figures": {"events": len(records), "aborted_seen": len(everything) - len(published)},
        "words": [],
    }
