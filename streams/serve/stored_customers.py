"""The stored customers: what the workers have written to Redis, for reading."""

from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.serve.problems import ProblemError
from streams.sinks.redis import Keys, version_of

_RETRY_SECONDS = 1
_FIELDS = ["stage", "snapshot", "version"]


class StoredCustomer(NamedTuple):
    """A customer's snapshot, and how far their partition group had come when it was stored (ms since 1970)."""

    snapshot: bytes
    upto: int


class StoredCustomers:
    """The snapshots of customers, and who is in which stage, segment and step, of one installation.

    Each method raises ``ProblemError`` while Redis does not answer.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def customer(self, customer: str) -> StoredCustomer | None:
        """Return what is stored of a customer; None of who is none."""
        return _stored(await _answer(self._redis.hmget(self._keys.customer(customer), _FIELDS)))

    async def customers(self, customers: Sequence[str]) -> list[StoredCustomer | None]:
        """Return the same of several customers, in their order."""
        pipe = self._redis.pipeline(transaction=False)
        for customer in customers:
            pipe.hmget(self._keys.customer(customer), _FIELDS)
        return [*map(_stored, await _answer(pipe.execute()))]

    async def sizes(self, sets: Sequence[str]) -> list[int]:
        """Return how many customers are in each of these sets, such as ``stage:new``."""
        pipe = self._redis.pipeline(transaction=False)
        for name in sets:
            pipe.scard(self._keys.members(name))
        return cast(list[int], await _answer(pipe.execute()))

    async def members(self, name: str, cursor: int, at_least: int) -> tuple[int, int, list[str]]:
        """Return the size of a set, the cursor of the next page (0: none), and about so many members."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.scard(self._keys.members(name))
        pipe.sscan(self._keys.members(name), cursor, count=at_least)
        size, (following, members) = await _answer(pipe.execute())
        return size, following, [it.decode() for it in members]

    async def check(self) -> None:
        """Ask whether Redis answers."""
        await _answer(self._redis.ping())


def _stored(fields: tuple[bytes | None, bytes | None, bytes]) -> StoredCustomer | None:
    stage, snapshot, version = fields
    # Workers of earlier versions wrote no snapshot: an empty one is told as one that cannot be read.
    return None if stage is None else StoredCustomer(snapshot or b"", version_of(version)[0])


async def _answer(asked: object) -> Any:
    try:
        return await cast(Awaitable[Any], asked)
    except (RedisError, OSError):
        detail = "Redis, where the customers are read, does not answer: ask again in a second"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, _RETRY_SECONDS) from None
