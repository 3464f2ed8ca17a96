"""A reader of committed transitions, and their delay after the cause."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.live_load import sent_at
from schemas.instant import from_text
from streams.connection import client_arguments
from streams.settings import Settings
from streams.topics import topics_of

PERCENTILES = ("p50", "p99", "p99.9", "max")
_SHARES = (0.5, 0.99, 0.999, 1.0)
_POLL_MS = 200
_QUIET_SECONDS = 4.0


@dataclass(slots=True)
class Readings:
    """Delays in ms: of first orders (from the record's time) by messageId, and of deadlines (from their instant)."""

    orders: dict[str, int] = field(default_factory=dict)
    deadlines: list[int] = field(default_factory=list)

    def take(self, value: bytes, now: int) -> None:
        """Count a transition that could be read at ``now`` (ms since 1970)."""
        message: dict[str, Any] = orjson.loads(value)
        properties = message["properties"]
        cause = properties["cause_message_id"]
        if properties["cause"] == "deadline":
            self.deadlines.append(now - from_text(message["timestamp"]))
        elif cause is not None and cause.startswith("new-"):
            self.orders.setdefault(cause, now - sent_at(cause))


async def read(settings: Settings, load_is_over: Callable[[], bool], ready: asyncio.Event) -> Readings:
    """Read transitions from now on, until the load is over and none has come for a while.

    ``ready`` is set when none can be missed any more.
    """
    readings = Readings()
    async with AIOKafkaConsumer(
        **client_arguments(settings), isolation_level="read_committed", enable_auto_commit=False
    ) as consumer:
        places = [TopicPartition(topics_of(settings).transitions, number) for number in range(settings.partitions)]
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        ready.set()
        last_read = time.monotonic()
        while not load_is_over() or time.monotonic() - last_read < _QUIET_SECONDS:
            fetched = await consumer.getmany(timeout_ms=_POLL_MS)
            now = time.time_ns() // 1_000_000
            for records in fetched.values():
                for record in records:
                    readings.take(record.value, now)
            if fetched or not load_is_over():
                last_read = time.monotonic()
    return readings


def percentiles(delays: Iterable[int]) -> dict[str, float]:
    """Return the number of delays, and p50, p99, p99.9 and maximum in ms; zeros if there are none."""
    ordered = sorted(delays)
    count = len(ordered)
    figures = {"count": float(count)}
    for name, share in zip(PERCENTILES, _SHARES, strict=True):
        figures[name] = float(ordered[min(count - 1, int(share * count))]) if count else 0.0
    return figures
