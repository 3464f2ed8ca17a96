"""A listing: the present members of a set as the first events of a stream, and what changed while they were read."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from schemas.transition import CUSTOMER_FORGOTTEN
from streams.serve.problems import ProblemError
from streams.serve.transitions.event import told
from streams.serve.transitions.feed import Feed
from streams.serve.transitions.filters import Filter
from streams.serve.transitions.members import Members, MembersError, Stored
from streams.serve.transitions.position import Position, covers
from streams.serve.transitions.reading import Reading
from streams.serve.transitions.stream import EndedError, Stream

_MOST_MET = 200_000
_WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class Listing:
    """One stream's list of members. It needs memory for each of them until it is complete."""

    def __init__(self, stream: Stream, members: Members, feed: Feed, wanted: Filter, places: asyncio.Semaphore) -> None:
        self._stream = stream
        self._members = members
        self._feed = feed
        self._wanted = wanted
        self._places = places
        self._seen: dict[str, int] = {}
        self._listed = 0

    async def send(self, stack: AsyncExitStack) -> Reading:
        """Send the members, and what changed while they were read; return the reading that goes on behind that.

        It is open as long as the stack is. Raises ``EndedError``.
        """
        try:
            begin, end = await self._read_members()
        except MembersError as error:
            raise EndedError("members", str(error)) from None
        except ProblemError:
            raise EndedError("kafka") from None
        reading = await stack.enter_async_context(Reading(self._feed, begin, self._places))
        await self._send_changes(reading, end)
        position = self._feed.ids.text(reading.position)
        await self._stream.write(told("members-complete", {"members": self._listed}, position))
        return reading

    async def _read_members(self) -> tuple[Position, Position]:
        """Send the members; return the positions before and behind all that the mirror may or may not have shown."""
        members, name = self._members, self._wanted.members
        identity = await members.identity()
        noted = await members.position(await self._ends())
        firsts = await self._feed.topic.begins(len(noted))
        # Behind the last record stands the marker of its transaction, and both may be gone by now.
        begin = tuple(first if first == at + 1 else at for first, at in zip(firsts, noted, strict=True))
        async for portion in members.scan(name):
            await self._list(portion)
        met = await self._met(begin, await self._passed_end())
        await self._list(await members.stored(name, met))
        end = await self._passed_end()
        if await members.identity() != identity:
            raise MembersError("Redis was emptied or restarted while the members were read: come back")
        return begin, end

    async def _met(self, begin: Position, end: Position) -> list[str]:
        """Return whose transitions lie between two positions, but for those who are listed."""
        met: dict[str, None] = {}
        async with Reading(self._feed, begin, self._places) as reading:
            while not covers(reading.position, end):
                for event in await reading.next():
                    reading.passed(event)
                    if event.facts.customer not in self._seen:
                        met[event.facts.customer] = None
                if len(met) > _MOST_MET:
                    raise MembersError(
                        "Redis is too far behind the transitions: come back when the workers are through"
                    )
                await self._stream.beat()
        return [*met]

    async def _send_changes(self, reading: Reading, end: Position) -> None:
        """Send what has changed up to a position, but for what was seen of each customer."""
        seen = self._seen
        while not covers(reading.position, end):
            blocks = []
            for event in await reading.next():
                reading.passed(event)
                facts = event.facts
                if facts.seq <= seen.get(facts.customer, 0):
                    continue
                if self._wanted.takes(facts):
                    blocks.append(event.body)
                if facts.name == CUSTOMER_FORGOTTEN:
                    seen[facts.customer] = 0  # the numbers of who comes after that begin anew
            # Without ids: who is cut off before the list is complete must begin anew.
            if blocks:
                await self._stream.write(b"".join(blocks))
            else:
                await self._stream.beat()

    async def _passed_end(self) -> Position:
        """Return where the topic ends, once the feed is there."""
        end = await self._ends()
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not covers(self._feed.ring.end, end):
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            raise MembersError("the topic does not come to its end: a transaction is open for long") from None
        return end

    async def _ends(self) -> Position:
        return await self._feed.topic.ends(len(self._feed.ring.end))

    async def _list(self, portion: Sequence[Stored]) -> None:
        """Note what was seen of these customers, and send those who are members."""
        blocks = []
        for it in portion:
            if it.customer in self._seen:
                continue
            self._seen[it.customer] = it.seq
            if it.member:
                blocks.append(told("member", {"userId": it.customer, "seq": it.seq}))
        self._listed += len(blocks)
        if blocks:
            await self._stream.write(b"".join(blocks))
        else:
            await self._stream.beat()
