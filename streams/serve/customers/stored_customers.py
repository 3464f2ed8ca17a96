"""The stored customers: what the workers have written to Redis, for reading."""

import logging
from collections.abc import Awaitable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.serve.problems import ProblemError
from streams.sinks.redis import Keys, version_of

logger = logging.getLogger(__name__)

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
        self._trouble = ""

    async def customer(self, customer: str) -> StoredCustomer | None:
        """Return what is stored of a customer; None of who is none."""
        return _stored(await self._answer(self._redis.hmget(self._keys.customer(customer), _FIELDS)))

    async def customers(self, customers: Sequence[str]) -> list[StoredCustomer | None]:
        """Return the same of several customers, in their order."""
        pipe = self._redis.pipeline(transaction=False)
        for customer in customers:
            pipe.hmget(self._keys.customer(customer), _FIELDS)
        return [*map(_stored, await self._answer(pipe.execute()))]

    async def sizes(self, sets: Sequence[str]) -> list[int]:
        """Return how many customers are in each of these sets, such as ``stage:new``."""
        pipe = self._redis.pipeline(transaction=False)
        for name in sets:
            pipe.scard(self._keys.members(name))
        return cast(list[int], await self._answer(pipe.execute()))

    async def members(self, name: str, cursor: int, at_least: int) -> tuple[int, int, list[str]]:
        """Return the size of a set, the cursor of the next page (0: none), and about so many members."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.scard(self._keys.members(name))
        pipe.sscan(self._keys.members(name), cursor, count=at_least)
        size, (following, members) = await self._answer(pipe.execute())
        return size, following, [it.decode() for it in members]

    async def check(self) -> None:
        """Ask whether Redis answers, and whether a worker has written to it."""
        if not await self._answer(self._redis.exists(self._keys.sentinel)):
            detail = (
                f"no worker has written to Redis under {self._keys.prefix!r}: see LIFESTAGE_APP_ID, LIFESTAGE_SUBJECT"
            )
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, _RETRY_SECONDS)

    async def _answer(self, asked: object) -> Any:
        try:
            answer = await cast(Awaitable[Any], asked)
        except (RedisError, OSError) as error:
            if (trouble := f"{type(error).__name__}: {error}") != self._trouble:
                logger.warning("Redis does not answer: %s", trouble)
            self._trouble = trouble
            detail = "Redis, where the customers are read, does not answer: ask again in a second"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, _RETRY_SECONDS) from None
        self._trouble = ""
        return answer


def _stored(fields: tuple[bytes | None, bytes | None, bytes]) -> StoredCustomer | None:
    stage, snapshot, version = fields
    # Workers of earlier versions wrote no snapshot: an empty one is told as one that cannot be read.
    return None if stage is None else StoredCustomer(snapshot or b"", version_of(version)[0])
