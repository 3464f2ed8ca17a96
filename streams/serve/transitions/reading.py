"""A reading: the events of the topic from a position on, for one stream, without a gap and without a double.

It begins in the ring, or, where the ring does not reach back so far, with a reader of its own until it meets the ring.
"""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from aiokafka.errors import OffsetOutOfRangeError

from streams.serve.transitions.event import Event, with_id
from streams.serve.transitions.feed import Feed
from streams.serve.transitions.position import Position, advanced, covers, furthest
from streams.serve.transitions.topic import Reader

_MOST_BYTES = 128 * 1024
_RECORDS = 200
_WAIT_SECONDS = 0.5


class GoneError(Exception):
    """Records that are gone from the topic before they were read."""


class Reading:
    """Used as a context, by one stream, which passes each event that it is given before it asks for more.

    ``places`` bounds how many readings have a reader of their own at any time; the others wait.
    """

    def __init__(self, feed: Feed, position: Position, places: asyncio.Semaphore) -> None:
        self._passed = position
        self._ids = feed.ids
        self._topic = feed.topic
        self._ring = feed.ring
        self._places = places
        self._number: int | None = None
        self._in_step = False
        self._own: Reader | None = None
        self._reached = position
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def position(self) -> Position:
        """How far it is when all that it was given is passed."""
        return furthest(self._passed, self._reached)

    async def next(self) -> list[Event]:
        """Return what follows those that were passed, bounded in bytes; nothing if nothing has come meanwhile.

        Raises ``BehindError`` if the ring has let go of its place, ``GoneError``, and ``KafkaError``.
        """
        self._passed = self.position
        if self._number is None and self._ring.covers(self._passed):
            await self._stack.aclose()
            self._own, self._number = None, self._ring.behind(self._passed)
        if self._number is None:
            return await self._from_the_topic()
        if self._number == self._ring.next and covers(self._passed, self._ring.end):
            await self._ring.moved()
        events = self._ring.since(self._number, _MOST_BYTES)
        self._number += len(events)
        if self._number == self._ring.next:
            self._reached = self._ring.end
        return events if self._in_step else [it for it in events if it.offset >= self._passed[it.partition]]

    def passed(self, event: Event) -> None:
        """Note that an event was passed, whether it is sent or not."""
        if self._number is None or self._in_step:
            self._passed = event.position
        else:
            self._passed = furthest(self._passed, event.position)
            self._in_step = self._passed == event.position

    def sent(self, event: Event) -> bytes:
        """Return what is sent of the event that was passed last."""
        # In step with the ring, or with a reader of its own, the event names the position itself.
        return event.sent if self._passed is event.position else with_id(self._ids.text(self._passed), event.body)

    async def _from_the_topic(self) -> list[Event]:
        if self._own is None:
            try:
                async with asyncio.timeout(_WAIT_SECONDS):
                    await self._places.acquire()
            except TimeoutError:
                return []
            self._stack.callback(self._places.release)
            self._own = await self._stack.enter_async_context(self._topic.reader(self._passed))
        try:
            records = await self._own.next(_WAIT_SECONDS, _RECORDS)
        except OffsetOutOfRangeError:
            raise GoneError from None
        position, events = self._passed, []
        for record in records:
            position = advanced(position, record.partition, record.offset + 1)
            events.append(Event(record.partition, record.offset, record.value or b"", position, self._ids))
        self._reached = await self._own.position()
        return events
