"""The present members of a set, and then what changes: from the mirror and from the topic, nothing missed or twice.

1. Note from the mirror how far it has come: it has seen all that the topic has before this position.
2. Read the members, each with the number of the last message about them that the mirror has seen (``seq``).
3. Note the end of the topic. What the mirror has shown lies before it.
4. Read the topic from the first position to that end. Of the customers there who were not among the members, ask the
   mirror again: some have joined meanwhile. Note the end of the topic once more, for what these answers may have seen.
5. Send what lies between the first position and the last end, but for messages whose number says that they were seen.

From there on no message was seen by what was read from the mirror, and no message before is missing.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import orjson

from streams.serve.problems import ProblemError
from streams.serve.redis_reader import RedisReader
from streams.serve.transitions.position import Position, covers

_AT_ONCE = 1000
_FIELDS = ("stage", "segments", "steps", "seq")


class MembersError(Exception):
    """Members that cannot be told now; the message says why."""


class Stored(NamedTuple):
    """A customer in the mirror: whether they are in the set, and the number of their last message that it has seen."""

    customer: str
    member: bool
    seq: int


class Members:
    """The sets of the mirror, for reading. Each method raises ``MembersError`` while Redis does not answer."""

    def __init__(self, reader: RedisReader) -> None:
        self._reader = reader
        self._redis, self._keys = reader.redis, reader.keys

    async def identity(self) -> str:
        """Return a text that changes when the mirror may have lost what was in it."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.get(self._keys.sentinel)
        pipe.info("server")
        sentinel, server = await self._answer(pipe.execute(raise_on_error=False))
        run = server.get("run_id", "") if isinstance(server, dict) else ""  # some hosts forbid INFO
        return f"{sentinel!r} {run}"

    async def position(self, ends: Position) -> Position:
        """Return how far the mirror has come in each partition of a topic that ends there."""
        noted = {int(it): int(at) for it, at in (await self._answer(self._redis.hgetall(self._keys.positions))).items()}
        if missing := [it for it in range(len(ends)) if it not in noted]:
            told = f"the workers have not noted yet how far they have written partition {missing[0]} to Redis"
            raise MembersError(f"{told}: come back in a moment; workers of an earlier version note nothing")
        position = tuple(noted[it] for it in range(len(ends)))
        if not covers(ends, position):
            raise MembersError("Redis has the customers of another topic than Kafka has: see LIFESTAGE_APP_ID")
        return position

    async def scan(self, name: str) -> AsyncIterator[list[Stored]]:
        """Yield who is in a set all the while, some of them perhaps twice, in portions."""
        cursor = 0
        while True:
            scanned = self._redis.sscan(self._keys.members(name), cursor, count=_AT_ONCE)
            cursor, found = await self._answer(scanned)
            yield await self.stored(name, [it.decode() for it in found])
            if cursor == 0:
                return

    async def stored(self, name: str, customers: Sequence[str]) -> list[Stored]:
        """Return what the mirror has of each of these customers."""
        found: list[Stored] = []
        for first in range(0, len(customers), _AT_ONCE):
            portion = customers[first : first + _AT_ONCE]
            pipe = self._redis.pipeline(transaction=False)
            for customer in portion:
                pipe.hmget(self._keys.customer(customer), _FIELDS)
            rows = await self._answer(pipe.execute())
            found += [Stored(it, *_standing(name, row)) for it, row in zip(portion, rows, strict=True)]
        return found

    async def _answer(self, asked: object) -> Any:
        try:
            return await self._reader.answer(asked)
        except ProblemError:
            raise MembersError("Redis, where the members are read, does not answer: come back in a moment") from None


def _standing(name: str, row: Sequence[bytes | None]) -> tuple[bool, int]:
    stage, segments, steps, seq = row
    if stage is None or seq is None:
        return False, 0
    kind, _, key = name.partition(":")
    if kind == "stage":
        return stage.decode() == key, int(seq)
    return key in orjson.loads((segments if kind == "segment" else steps) or b"[]"), int(seq)
