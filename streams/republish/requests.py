"""The requests of a run, sent to the input topics within the lateness and at no more than a rate."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.event_types import PROFILES, TOPIC_KINDS
from streams.connection import producing
from streams.replay.rate_limit import RateLimit, RateLimiter
from streams.republish.run import Run
from streams.settings import Settings
from streams.topics import topics_of


class RunExpiredError(Exception):
    """A run whose requests would be late from now on; ``sent`` of them are on the topic."""

    def __init__(self, sent: int) -> None:
        super().__init__(sent)
        self.sent = sent


@dataclass(slots=True)
class Sent:
    """How many requests Kafka has acknowledged, and by partition the offset of the last."""

    count: int = 0
    last: dict[int, int] = field(default_factory=dict)


def request_topic(settings: Settings) -> str:
    """Return the topic on which a run asks."""
    return topics_of(settings).own_inputs[TOPIC_KINDS.index(PROFILES)]


async def send_requests(
    run: Run,
    segment: str,
    members: Mapping[bytes, int],
    settings: Settings,
    limit: RateLimit,
    on_progress: Callable[[Sent], None],
    expires: int | None = None,
) -> Sent:
    """Ask about each of these customers, given with their partitions; return when Kafka has acknowledged all.

    ``expires`` is the instant from which on requests are late by the wall clock (ms since 1970), None if time is that
    of the stream; a request's record then has the run's instant, so that time does not go on by it. Raises
    ``RunExpiredError``, and ``aiokafka.errors.KafkaError`` when one could not be written; those before stay.
    """
    sent, topic = Sent(), request_topic(settings)
    record_time = run.at if expires is None else None
    keys = sorted(members)
    limiter = RateLimiter(limit, [run.at] * len(keys))
    async with producing(settings, linger_ms=20) as producer:
        while sent.count < len(keys):
            end, _ = await limiter.next_portion(sent.count)
            if expires is not None and time.time_ns() // 1_000_000 >= expires:
                raise RunExpiredError(sent.count)
            acknowledged = [
                await producer.send(topic, run.request(segment, key.decode()), key, members[key], record_time)
                for key in keys[sent.count : end]
            ]
            for record in await asyncio.gather(*acknowledged):
                sent.last[record.partition] = max(record.offset, sent.last.get(record.partition, 0))
            sent.count = end
            on_progress(sent)
    return sent
