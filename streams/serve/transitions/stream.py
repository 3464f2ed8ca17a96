"""A stream: what one listener is sent, from the first event to the reason for which it ends."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp.web import Request, StreamResponse
from aiokafka.errors import KafkaError

from streams.serve.transitions.event import told, with_id
from streams.serve.transitions.filters import Filter
from streams.serve.transitions.metrics import StreamMetrics
from streams.serve.transitions.position import Ids, Position
from streams.serve.transitions.reading import GoneError, Reading
from streams.serve.transitions.ring import BehindError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
RETRY_MS = 2000
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_BLOCKED_SECONDS = 30.0
_LAST_SECONDS = 2.0

_WHY = {
    "slow": "you read more slowly than transitions come",
    "gone": "records that would be next are gone from the topic by its retention",
    "kafka": "Kafka does not answer",
    "shutdown": "the server ends",
    "failed": "the server failed: its log says how",
}


class EndedError(Exception):
    """A stream that cannot go on: the reason in a word, and what is to be told of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or _WHY[reason]


class Stream:
    """The answer to one listener. It holds no events: what is not written yet waits in the ring."""

    def __init__(self, request: Request, ids: Ids, metrics: StreamMetrics) -> None:
        self._request = request
        self._response = StreamResponse(status=HTTPStatus.OK, headers=HEADERS)
        self._response.force_close()
        self._ids = ids
        self._metrics = metrics
        self._position: Position | None = None
        self._wrote_at = 0.0
        self._writing = False
        self._scope = asyncio.timeout(None)
        self._within = False
        self._ended: EndedError | None = None

    @property
    def stalled(self) -> bool:
        """Whether its peer has taken nothing for so long that it does not seem to read any more."""
        return self._writing and time.monotonic() - self._wrote_at > _BLOCKED_SECONDS

    def end(self, ended: EndedError) -> None:
        """End it from outside, wherever it waits."""
        if self._ended is None:
            self._ended = ended
            if self._within:
                self._scope.reschedule(0.0)

    async def run(self, content: Callable[[], Awaitable[None]]) -> StreamResponse:
        """Send the headers, and the content until there is a reason to end, which is told."""
        try:
            await self._response.prepare(self._request)
            async with self._scope:
                if self._ended is not None:
                    raise self._ended
                self._within = True
                try:
                    await self.write(b"retry: %d\n\n" % RETRY_MS)
                    await content()
                finally:
                    self._within = False
        except ConnectionError:
            return self._response  # the listener has gone
        except EndedError as ended:
            await self._tell(ended)
        except TimeoutError:
            await self._tell(self._ended or EndedError("kafka"))
        except BehindError:
            await self._tell(EndedError("slow"))
        except GoneError:
            await self._tell(EndedError("gone"))
        except (KafkaError, OSError):
            await self._tell(EndedError("kafka"))
        except Exception:
            logger.exception("a stream failed")
            await self._tell(EndedError("failed"))
        return self._response

    async def follow(self, reading: Reading, wanted: Filter) -> None:
        """Send what a reading brings and the filter takes, for ever."""
        while True:
            blocks = []
            for event in await reading.next():
                reading.passed(event)
                if wanted.everything or wanted.takes(event.facts):
                    blocks.append(reading.sent(event))
            self._position = reading.position
            if blocks:
                self._metrics.sent.inc(len(blocks))
                await self.write(b"".join(blocks))
            else:
                await self.beat(self._position)
            await asyncio.sleep(0)  # one who has much to be sent lets the others in between

    async def beat(self, position: Position | None = None) -> None:
        """Show after some seconds of silence that it lives, and how far it is, where that may be told.

        Raises ``ConnectionError`` if the listener has gone.
        """
        transport = self._request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        if time.monotonic() - self._wrote_at >= HEARTBEAT_SECONDS:
            await self.write(b":\n\n" if position is None else with_id(self._ids.text(position)))

    async def write(self, block: bytes) -> None:
        """Write a block, and wait while the peer does not take what was written before."""
        self._wrote_at = time.monotonic()
        self._writing = True
        await self._response.write(block)
        self._writing = False

    async def _tell(self, ended: EndedError) -> None:
        self._metrics.dropped.labels(ended.reason).inc()
        last = "" if self._position is None else self._ids.text(self._position)
        block = told("dropped", {"reason": ended.reason, "detail": ended.detail, "lastEventId": last}, last)
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._response.write(block)
                await self._response.write_eof()
        except (ConnectionError, TimeoutError):
            if self._request.transport is not None:
                self._request.transport.abort()
