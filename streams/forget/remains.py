"""What remains of a forgotten customer outside of the workers' state, and for how long: told as it is."""

from collections.abc import Iterator

from streams.settings import Settings
from streams.sinks.redis import Keys, connect
from streams.topics import retentions, topics_of

_DAY = 86_400_000


async def told_remains(settings: Settings) -> Iterator[str]:
    """Return a sentence about each topic, and about what lies outside of Kafka. Raises ``TopicsError``."""
    topics = topics_of(settings)
    found = await retentions(settings)
    lines = [f"{name}: {_for(found[name], 'their events')}" for name in topics.inputs]
    lines.append(f"{topics.transitions}: {_for(found[topics.transitions], 'what was told of them')}")
    lines.append(f"{topics.rejects}: {_for(found[topics.rejects], 'their rejected events, with their bytes')}")
    lines += [f"{name}: {_for(found[name], 'their events of accounts')}" for name in topics.account_events]
    lines.append(f"{topics.changelog}: older states stay until Kafka compacts them, after closing the segment")
    lines.append("backups of Kafka or Redis, and what readers of the transitions keep: not known here")
    return iter(lines)


def _for(retention: int | None, what: str) -> str:
    if retention is None:
        return f"{what} may stay (the broker does not tell its retention)"
    if retention < 0:
        return f"{what} stay FOR EVER (retention.ms is -1): set a finite one, or delete the records"
    return f"{what} stay up to {retention / _DAY:g} days after they were written, and until their segment is closed"


async def is_mirrored(customer: str, settings: Settings) -> bool:
    """Tell whether Redis still has a customer. Raises ``RedisError``, and ``ValueError`` for a URL of no use."""
    redis = connect(settings.redis_url)
    try:
        return bool(await redis.hexists(Keys.of(settings).customer(customer), "profile"))
    finally:
        await redis.aclose()
