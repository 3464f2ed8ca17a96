"""The open streams of a process: not too many of them, and none that holds up the others or outlives the server."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from streams.serve.problems import ProblemError
from streams.serve.transitions.stream import EndedError, Stream

_CHECK_SECONDS = 1.0
_RETRY_SECONDS = 10


class OpenStreams:
    """All streams, each from its beginning to its end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._streams: set[Stream] = set()
        self._ending = False

    def __len__(self) -> int:
        return len(self._streams)

    @contextmanager
    def holding(self, stream: Stream) -> Iterator[None]:
        """Count a stream for the length of the block. Raises ``ProblemError`` if there are too many."""
        if self._ending or len(self._streams) >= self._most:
            detail = f"there are {self._most} streams already: ask another server, or raise LIFESTAGE_SERVE_STREAMS"
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the server ends" if self._ending else detail, _RETRY_SECONDS
            )
        self._streams.add(stream)
        try:
            yield
        finally:
            self._streams.discard(stream)

    def end(self, reason: str, detail: str = "") -> None:
        """End all streams."""
        for stream in [*self._streams]:
            stream.end(EndedError(reason, detail))

    def close(self) -> None:
        """End all streams, and take no more."""
        self._ending = True
        self.end("shutdown")

    async def keep(self) -> None:
        """End those whose peers do not read, until cancelled."""
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            for stream in [*self._streams]:
                if stream.stalled:
                    stream.end(EndedError("slow"))
