"""The stored customers: what the workers have written to Redis, for reading."""

from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.serve.problems import ProblemError
from streams.sinks.redis import Keys, version_of

_RETRY_SECONDS = 1


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

    async def customers(self, customers: Sequence[str]) -> list[StoredCustomer | None]:
        """Return what is stored of customers, in their order; None of who is no customer."""
        pipe = self._redis.pipeline(transaction=False)
        for customer in customers:
            pipe.hmget(self._keys.customer(customer), "stage", "snapshot", "version")
        # Workers before version 0.3 wrote no snapshot: an empty one is told as one that cannot be read.
        return [
            None if stage is None else StoredCustomer(snapshot or b"", version_of(version)[0])
            for stage, snapshot, version in await _answer(pipe.execute())
        ]

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


async def _answer(asked: object) -> Any:
    try:
        return await cast(Awaitable[Any], asked)
    except (RedisError, OSError):
        detail = "Redis, where the customers are read, does not answer: ask again in a second"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, _RETRY_SECONDS) from None
