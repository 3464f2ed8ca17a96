"""The ring: the newest events of the topic, bounded in bytes, which all streams read where each of them is."""

import asyncio
from bisect import bisect_left

from streams.serve.transitions.event import Event
from streams.serve.transitions.position import Position, covers


class BehindError(Exception):
    """A place that the ring no longer has."""


class Ring:
    """Events in the order in which the process received them, numbered for ever.

    It is the queue of every stream, which holds no more than its place in it. Who is so far behind that the ring has
    let go of that place is told so.
    """

    def __init__(self, begin: Position, most_bytes: int) -> None:
        self.begin = begin
        """Where the first event that it has begins."""
        self.end = begin
        """How far the reader of the topic has come, past what is no record, too."""
        self._most_bytes = most_bytes
        self._events: list[Event] = []
        self._first = 0
        self._gone = 0
        self._bytes = 0
        self._moved = asyncio.Event()

    @property
    def next(self) -> int:
        """The number that the next event will have."""
        return self._first + len(self._events) - self._gone

    def covers(self, position: Position) -> bool:
        """Tell whether it has all that follows a position, as far as the reader of the topic has come."""
        return covers(position, self.begin)

    def add(self, event: Event) -> None:
        """Take in an event; the oldest go as far as there is no room for them."""
        self._events.append(event)
        self.end = event.position
        self._bytes += event.size
        while self._bytes > self._most_bytes and self._gone < len(self._events) - 1:
            oldest = self._events[self._gone]
            self.begin = oldest.position
            self._bytes -= oldest.size
            self._gone += 1
            self._first += 1
        if self._gone * 2 > len(self._events):
            del self._events[: self._gone]
            self._gone = 0

    def behind(self, position: Position) -> int:
        """Return the number of the first event that does not lie before a position, which the ring covers."""
        # Positions of events only grow, so all before the first that is not passed are passed.
        index = bisect_left(self._events, 1, self._gone, key=lambda event: not covers(position, event.position))
        return self._first + index - self._gone

    def since(self, number: int, most_bytes: int) -> list[Event]:
        """Return events from this number on, until there are so many bytes. Raises ``BehindError``."""
        if number < self._first:
            raise BehindError
        found: list[Event] = []
        size = 0
        for index in range(number - self._first + self._gone, len(self._events)):
            event = self._events[index]
            found.append(event)
            size += event.size
            if size >= most_bytes:
                break
        return found

    def wake(self) -> None:
        """Wake up all who wait."""
        self._moved.set()
        self._moved.clear()

    async def moved(self) -> None:
        """Wait until somebody wakes up all who wait."""
        await self._moved.wait()
