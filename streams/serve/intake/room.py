"""The room for requests: how many bytes of them are held at once, until Kafka has them or they are refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from prometheus_client import Gauge

from streams.serve.problems import ProblemError

RETRY_SECONDS = 1


class Room:
    """The bytes that several requests together may hold; the gauge shows those of all rooms."""

    def __init__(self, most: int, gauge: Gauge) -> None:
        self._most = most
        self._held = 0
        self._gauge = gauge

    @contextmanager
    def hold(self) -> Iterator["Hold"]:
        """Give a request a hold on the room for the length of a block."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            self.move(-hold.size)

    def move(self, size: int) -> None:
        """Take so many bytes more, or give them back. Raises ``ProblemError`` if there is no room for them."""
        if size > 0 and self._held + size > self._most:
            detail = "the server holds as many events as it may until Kafka has them: send these again in a moment"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, RETRY_SECONDS, closes=True)
        self._held += size
        self._gauge.inc(size)


class Hold:
    """What one request holds of the room, in bytes."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def take(self, size: int) -> None:
        """Take so many bytes more. Raises ``ProblemError`` if there is no room for them."""
        self._room.move(size)
        self.size += size
