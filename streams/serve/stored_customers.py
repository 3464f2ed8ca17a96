"""The stored customers: what the workers have written to Redis, for reading."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from schemas import instant
from streams.serve.problems import ProblemError
from streams.serve.redis_reader import RedisReader
from streams.sinks.redis import version_of

_FIELDS = ["stage", "snapshot", "version"]
_STANDING = ["stage", "next_transition", "next_at", "first_event_at"]


class StoredCustomer(NamedTuple):
    """A customer's snapshot, and how far their partition group had come when it was stored (ms since 1970)."""

    snapshot: bytes
    upto: int


class Standing(NamedTuple):
    """A customer's stage, the transition that comes next by itself, if one does, and the first event.

    Instants in ms since 1970; the first event is None where a worker of an earlier version wrote the customer.
    """

    stage: str
    next_transition: str | None
    next_at: int | None
    first_event_at: int | None


class StoredCustomers:
    """The snapshots of customers, and who is in which stage, segment and step, of one installation.

    Each method raises ``ProblemError`` while Redis does not answer.
    """

    def __init__(self, reader: RedisReader) -> None:
        self._reader = reader
        self._redis = reader.redis
        self._keys = reader.keys

    async def customer(self, customer: str) -> StoredCustomer | None:
        """Return what is stored of a customer; None of who is none."""
        return _stored(await self._reader.answer(self._redis.hmget(self._keys.customer(customer), _FIELDS)))

    async def customers(self, customers: Sequence[str]) -> list[StoredCustomer | None]:
        """Return the same of several customers, in their order."""
        pipe = self._redis.pipeline(transaction=False)
        for customer in customers:
            pipe.hmget(self._keys.customer(customer), _FIELDS)
        return [*map(_stored, await self._reader.answer(pipe.execute()))]

    async def standings(self, customers: Sequence[str]) -> list[Standing]:
        """Return the standings of several customers; of who is gone meanwhile there is none."""
        pipe = self._redis.pipeline(transaction=False)
        for customer in customers:
            pipe.hmget(self._keys.customer(customer), _STANDING)
        return [_standing(*it) for it in await self._reader.answer(pipe.execute()) if it[0] is not None]

    async def sizes(self, sets: Sequence[str]) -> list[int]:
        """Return how many customers are in each of these sets, such as ``stage:new``."""
        pipe = self._redis.pipeline(transaction=False)
        for name in sets:
            pipe.scard(self._keys.members(name))
        return cast(list[int], await self._reader.answer(pipe.execute()))

    async def members(self, name: str, cursor: int, at_least: int) -> tuple[int, int, list[str]]:
        """Return the size of a set, the cursor of the next page (0: none), and about so many members."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.scard(self._keys.members(name))
        pipe.sscan(self._keys.members(name), cursor, count=at_least)
        size, (following, members) = await self._reader.answer(pipe.execute())
        return size, following, [it.decode() for it in members]

    async def missing(self) -> str:
        """Return why no customer can be read, in words; empty if they can. Raises nothing."""
        try:
            if await self._reader.answer(self._redis.exists(self._keys.sentinel)):
                return ""
        except ProblemError as problem:
            return problem.detail
        return f"no worker has written to Redis under {self._keys.prefix!r}: see LIFESTAGE_APP_ID, LIFESTAGE_SUBJECT"


def _stored(fields: tuple[bytes | None, bytes | None, bytes]) -> StoredCustomer | None:
    stage, snapshot, version = fields
    # Workers of earlier versions wrote no snapshot: an empty one is told as one that cannot be read.
    return None if stage is None else StoredCustomer(snapshot or b"", version_of(version)[0])


def _standing(stage: bytes, change: bytes | None, next_at: bytes | None, first: bytes | None) -> Standing:
    return Standing(stage.decode(), None if change is None else change.decode(), _instant(next_at), _instant(first))


def _instant(text: bytes | None) -> int | None:
    return None if text is None else instant.from_text(text.decode())
