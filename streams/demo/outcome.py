"""What came of a demo, read back as anybody could read it: committed transitions from Kafka, profiles from Redis."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from redis import Redis

from schemas.profile import Profile, decode
from streams.demo.standing import Standing, standing
from streams.settings import Settings
from streams.sinks.redis import Keys
from streams.topic_reader import open_topic
from streams.topics import topics_of

_AT_ONCE = 500


async def read_transitions(settings: Settings) -> Standing:
    """All transitions that stand; raises ``TopicUnreadableError``."""
    async with open_topic(settings, topics_of(settings).transitions) as topic:
        return standing([record.value async for record in topic.until_now() if record.value is not None])


def read_profiles(settings: Settings) -> dict[str, Profile]:
    """The profiles of all customers in the mirror, without their windows; raises ``RedisError``."""
    profiles = {}
    with Redis.from_url(settings.redis_url) as redis:
        for value in _values(redis, Keys.of(settings)):
            profile = decode(value)
            profile.windows = {}  # half of the memory, and nothing here shows them
            profiles[profile.user_id] = profile
    return profiles


def differences(found: Standing, profiles: Mapping[str, Profile]) -> int:
    """How many customers' profiles are missing, or do not say what the last of their transitions says."""
    stages = {customer: steps[-1].to for customer, steps in found.stages.items()}
    wrong = sum(
        1
        for customer, profile in profiles.items()
        if profile.stage != stages.get(customer, "prospect") or profile.seq != found.seqs.get(customer, 0)
    )
    return wrong + len(found.seqs.keys() - profiles.keys())


def wipe(redis_url: str, keys: Keys) -> None:
    """Take an earlier run's mirror out of Redis; raises ``RedisError``."""
    with Redis.from_url(redis_url) as redis:
        for names in _chunks(redis.scan_iter(match=f"{keys.prefix}*", count=_AT_ONCE)):
            redis.delete(*names)


def _values(redis: "Redis", keys: Keys) -> Iterator[bytes]:
    for names in _chunks(redis.scan_iter(match=keys.customer("*"), count=_AT_ONCE)):
        pipe = redis.pipeline(transaction=False)
        for name in names:
            pipe.hget(name, "profile")
        yield from (value for value in pipe.execute() if value is not None)


def _chunks(names: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(names)
    while chunk := list(islice(left, _AT_ONCE)):
        yield chunk
