"""The load of a run: a simulated shop's events, stamped with the present, and the hostile ones among them."""

import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.event_types import TOPIC_KINDS
from schemas.instant import to_text
from streams.settings import Settings
from streams.sources.simulated import START, events
from streams.topics import topics_of
from tests.chaos.members import Members
from tests.chaos.rehearsal import DAY_SECONDS, LATENESS_MS

DUPLICATES, DISORDERED, LATE, MALFORMED = 0.01, 0.02, 0.005, 0.005
HOT_SHARE = 0.1
HOT = "hot"
_EVENTS_A_CUSTOMER_A_DAY = 0.28
_ROUND_DAYS = 240
_DAY_MS = 86_400_000
_LARGE_EVERY = 2000
_MEGABYTE = 1_000_000
_RECENT = 200
_TICK_SECONDS = 0.02
_MALFORMED = (
    b"{not json",
    b"\xff\xfe",
    b"[]",
    b'{"type":"page"}',
    b'{"type":"page","userId":"","timestamp":"2025-01-01T00:00:00Z"}',
    b'{"type":"page","userId":"u","timestamp":"2025-01-01T00:00:00"}',
    b'{"type":"page","userId":"u","groupId":"account-1","timestamp":"2025-01-01T00:00:00"}',
    b'{"type":"track","event":"Order Completed","userId":"u","timestamp":"2025-01-01T00:00:00Z","properties":{}}',
    None,
)

Line = tuple[str, bytes | None, bytes | None]


class Load:
    """Produces until ``stop``. The verdict counts the records in the topics, not the attempts to send them."""

    def __init__(self, settings: Settings, seed: int, rate: float) -> None:
        self.counts: Counter[str] = Counter()
        self.recent: deque[str] = deque(maxlen=_RECENT)
        """The customers of the last events."""
        self._settings = settings
        self._dice = random.Random(seed)
        self._members = Members(seed) if settings.accounts else None
        self._seed = seed
        self._rate = rate
        self._stopping = asyncio.Event()
        self._sends: set[asyncio.Future[Any]] = set()
        self._sending = asyncio.Lock()
        self._withheld: set[str] = set()
        self._number = 0
        self._hot_orders = 0

    def stop(self) -> None:
        """Produce no more; ``run`` returns once all is acknowledged."""
        self._stopping.set()

    async def withhold(self, topic: str) -> None:
        """Leave out what is meant for a topic; when this returns, all that was sent to it has its answer."""
        async with self._sending:
            self._withheld.add(topic)
        await asyncio.gather(*self._sends, return_exceptions=True)

    def resume(self, topic: str) -> None:
        """Send to a topic again."""
        self._withheld.discard(topic)

    async def run(self) -> None:
        """Produce what is due, as time goes on."""
        topics = dict(zip(TOPIC_KINDS, topics_of(self._settings).inputs, strict=True))
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.broker.split(","),
            enable_idempotence=True,
            linger_ms=5,
            max_request_size=2 * _MEGABYTE,
            request_timeout_ms=60_000,
        )
        await producer.start()
        try:
            upcoming = self._upcoming()
            started, line = time.time(), next(upcoming)
            while not self._stopping.is_set():
                passed = time.time() - started
                while line[0] <= passed:
                    async with self._sending:
                        for kind, key, value in self._hostile(*line[1:]):
                            if topics[kind] not in self._withheld:
                                future = await producer.send(topics[kind], value, key, timestamp_ms=_now())
                                self._sends.add(future)
                                future.add_done_callback(self._done)
                    line = next(upcoming)
                await asyncio.sleep(_TICK_SECONDS)
            await asyncio.gather(*self._sends, return_exceptions=True)
        finally:
            await producer.stop()

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._sends.discard(future)
        error = None if future.cancelled() else future.exception()
        self.counts["unsent" if isinstance(error, KafkaError) else "sent"] += 1

    def _upcoming(self) -> Iterator[tuple[float, str, str, dict[str, Any]]]:
        """Seconds since the beginning, kind, customer and event, for ever: the hot customer among the others."""
        customers = max(5, int(self._rate * (1 - HOT_SHARE) * DAY_SECONDS / _EVENTS_A_CUSTOMER_A_DAY))
        hot_at, every = 0.0, 1 / (self._rate * HOT_SHARE)
        for number in range(1_000_000):
            begin = number * _ROUND_DAYS * DAY_SECONDS
            for event in events(customers, _ROUND_DAYS, self._seed * 1000 + number):
                at = begin + (event.instant - START) / _DAY_MS * DAY_SECONDS
                while hot_at < at:
                    yield hot_at, *self._hot()
                    hot_at += every
                body = json.loads(event.value)
                # Each round has customers of its own: nobody lives twice.
                body["userId"] = f"{number}-{body['userId']}"
                if body["type"] == "identify":
                    body["traits"] |= self._more_traits()
                yield at, event.topic, body["userId"], body

    def _more_traits(self) -> dict[str, Any]:
        """Traits that a simulated shop does not know: dates and tags among them, some of them wrong."""
        choose = self._dice.choice
        soon = to_text(_now() + self._dice.randrange(60_000))
        return {
            "score": choose((0, 2.5, "3", "many")),
            "interests": choose(([], ["sport"], ["sport", "tea"], 7)),
            "labels": choose(({}, ["vip"], {"vip": soon, "new": None})),
            "born_on": choose(("1990-02-29", "1988-02-29", "2001-11-28")),
            "renewal_at": soon,
            "timezone": choose(("America/New_York", "Asia/Kolkata", "Mars")),
            "plan": choose(("plus", "free", "test")),
        }

    def _hot(self) -> tuple[str, str, dict[str, Any]]:
        draw = self._dice.random()
        if draw < 0.02:
            self._hot_orders += 1
            order = {"order_id": f"{HOT}-{self._hot_orders}", "total": self._dice.randrange(500, 20_000) / 100}
            return "purchases", HOT, _track("Order Completed", order)
        if draw < 0.04:
            return "purchases", HOT, _track("Coupon Applied", {})
        if draw < 0.06:
            given = {"ticket_id": f"t{self._dice.randrange(4)}", "rating": self._dice.randint(1, 5)}
            return "support", HOT, _track("Support Ticket Rated", given)
        if draw < 0.065:
            return "browsing", HOT, _track("Referral Sent", {"bonus": self._dice.randrange(9), "to": "t1"})
        if draw < 0.07:
            return "browsing", HOT, _track("Nobody Knows This", {})
        return "browsing", HOT, _track("Product Viewed", {"product_id": f"p{self._dice.randrange(50)}"})

    def _hostile(self, kind: str, customer: str, event: dict[str, Any]) -> Iterator[Line]:
        """What is sent for one event: it, or something worse."""
        self._number += 1
        self.recent.append(customer)
        draw, at = self._dice.random(), _now()
        if draw < LATE:
            at -= LATENESS_MS + self._dice.randrange(200, 30_000)
            self.counts["late"] += 1
        elif draw < LATE + DISORDERED:
            at -= self._dice.randrange(100, LATENESS_MS * 3 // 4)
            self.counts["disordered"] += 1
        elif draw < LATE + DISORDERED + 0.001:
            at += 400_000
            self.counts["future"] += 1
        if self._members is not None:
            event = self._members.naming(customer, event)
        body = {**event, "messageId": f"{self._seed}-{self._number}", "userId": customer, "timestamp": to_text(at)}
        if self._number % 500 == 0:
            body["padding"] = "x" * 200_000
        line = (kind, customer.encode(), json.dumps(body).encode())
        yield line
        if self._dice.random() < DUPLICATES:
            self.counts["duplicates"] += 1
            yield line
        if self._dice.random() < MALFORMED:
            self.counts["malformed"] += 1
            value = self._dice.choice(_MALFORMED)
            # A record of nothing at all is refused by the client itself.
            yield kind, b"u" if value is None else self._dice.choice([customer.encode(), b"u", None]), value
        if self._number % _LARGE_EVERY == 100:
            self.counts["large"] += 1
            yield kind, customer.encode(), line[2] + b" " * _MEGABYTE


def _now() -> int:
    return time.time_ns() // 1_000_000


def _track(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "track", "event": name, "properties": properties}
