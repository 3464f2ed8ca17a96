"""The results of a demo, read back as any consumer could: committed transitions from Kafka, profiles from Redis."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from redis import Redis

from schemas.profile import Profile, decode
from streams.demo.transition_history import TransitionHistory, build_history
from streams.settings import Settings
from streams.sinks.redis import Keys
from streams.topic_reader import open_topic
from streams.topics import topics_of

_KEYS_PER_REQUEST = 500


async def read_transitions(settings: Settings) -> TransitionHistory:
    """Read all transitions that were not retracted; raises ``TopicUnreadableError``."""
    async with open_topic(settings, topics_of(settings).transitions) as topic:
        return build_history([record.value async for record in topic.until_now() if record.value is not None])


def read_profiles(settings: Settings) -> dict[str, Profile]:
    """Read the profiles of all customers from the mirror, without their windows; raises ``RedisError``."""
    profiles = {}
    with Redis.from_url(settings.redis_url) as redis:
        for value in _values(redis, Keys.of(settings)):
            profile = decode(value)
            profile.windows = {}  # half of the memory, and the report does not show them
            profiles[profile.user_id] = profile
    return profiles


def count_differences(history: TransitionHistory, profiles: Mapping[str, Profile], first_stage: str) -> int:
    """Count the customers whose profile is missing, or differs from the last of their transitions.

    Customers without a transition are in the ``first_stage``.
    """
    stages = {customer: steps[-1].to for customer, steps in history.stages.items()}
    wrong = sum(
        1
        for customer, profile in profiles.items()
        if profile.stage != stages.get(customer, first_stage) or profile.seq != history.seqs.get(customer, 0)
    )
    return wrong + len(history.seqs.keys() - profiles.keys())


def delete_keys(redis_url: str, keys: Keys) -> None:
    """Delete a previous run's mirror from Redis; raises ``RedisError``."""
    with Redis.from_url(redis_url) as redis:
        for names in _chunks(redis.scan_iter(match=f"{keys.prefix}*", count=_KEYS_PER_REQUEST)):
            redis.delete(*names)


def _values(redis: "Redis", keys: Keys) -> Iterator[bytes]:
    for names in _chunks(redis.scan_iter(match=keys.customer("*"), count=_KEYS_PER_REQUEST)):
        pipe = redis.pipeline(transaction=False)
        for name in names:
            pipe.hget(name, "profile")
        yield from (value for value in pipe.execute() if value is not None)


def _chunks(names: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(names)
    while chunk := list(islice(left, _KEYS_PER_REQUEST)):
        yield chunk
