"""The client of the push benchmark: many streams read by one process, and how long each event was on its way."""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field

_EVENT_END = b"\n\n"
_SENT_AT = re.compile(rb'"messageId":"(\d+)"')
_NS_PER_MS = 1_000_000
_QUIET_SECONDS = 10.0


@dataclass
class Arrivals:
    """How many events took how many ms."""

    by_ms: Counter[int] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many arrived."""
        return sum(self.by_ms.values())

    def percentile(self, share: float) -> float:
        """Return the ms within which this share arrived."""
        left = share * self.count
        for ms, count in sorted(self.by_ms.items()):
            left -= count
            if left <= 0:
                return float(ms)
        return float("nan")


class _Reader(asyncio.Protocol):
    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._rest = b""
        self.count = 0

    def data_received(self, data: bytes) -> None:
        now = time.time_ns()
        complete, between, rest = (self._rest + data).rpartition(_EVENT_END)
        if not between:
            self._rest = rest
            return
        self._rest = rest
        sent = _SENT_AT.findall(complete)
        self.count += len(sent)
        self._arrivals.by_ms.update((now - int(it)) // _NS_PER_MS for it in sent)


def listen(address: str, readers: int, count: int) -> Arrivals:
    """Open so many streams, and return how long events took when each has so many, or nothing comes any more."""

    async def run() -> Arrivals:
        arrivals, loop = Arrivals(), asyncio.get_running_loop()
        host, _, port = address.removeprefix("http://").partition(":")
        opened = []
        for _ in range(readers):
            transport, reader = await loop.create_connection(lambda: _Reader(arrivals), host, int(port))
            transport.write(b"GET /v1/transitions HTTP/1.1\r\nHost: localhost\r\n\r\n")
            opened.append((transport, reader))
        came, quiet_since = 0, time.monotonic() + _QUIET_SECONDS
        while came < readers * count and time.monotonic() - quiet_since < _QUIET_SECONDS:
            await asyncio.sleep(0.1)
            before, came = came, sum(reader.count for _, reader in opened)
            if came != before:
                quiet_since = max(quiet_since, time.monotonic())
        for transport, _ in opened:
            transport.close()
        return arrivals

    return asyncio.run(run())
