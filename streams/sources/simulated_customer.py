"""One simulated customer from the first visit to the last: traits, visits, orders and support cases."""

from random import Random
from typing import Any

import orjson

from schemas.instant import to_text
from streams.sources.simulated_shop import Basket, Shop
from streams.sources.source import SourceEvent, compact, topic_of

_MINUTE = 60_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY

# Heterogeneity as in BG/NBD: purchases a week ~ gamma(shape, scale), probability to leave ~ beta(alpha, beta).
_RATE_SHAPE, _RATE_SCALE = 1.1, 0.32
_LEAVE_ALPHA, _LEAVE_BETA = 0.8, 5.0
_VISITS_PER_PURCHASE = 1.4
_VISITS_AFTER_LEAVING = 0.15

# Probabilities: of a customer, of an order, of a ticket.
_ALREADY_THERE = 0.35
_NEVER_BUYS = 0.12
_TICKET, _CHAT = 0.08, 0.04
_REFUND, _CANCEL, _UPDATE = 0.04, 0.02, 0.02
_SOLVED, _RATED, _REOPENED = 0.9, 0.55, 0.12

_KINDS = {"consumer": 84, "business": 11, "channel": 3, "internal": 2}
_COUNTRIES = {"US": 55, "GB": 12, "DE": 12, "FR": 8, "CA": 7, "NL": 6}
_DEVICES = {"mobile": 58, "desktop": 34, "tablet": 8}
_PLANS = {"free": 70, "plus": 22, "pro": 8}


class CustomerLife:
    """A generator of one customer's events between ``start`` and ``end`` (ms since 1970)."""

    def __init__(self, user_id: str, random: Random, start: int, end: int) -> None:
        self._user_id = user_id
        self._random = random
        self._start = start
        self._end = end
        self._shop = Shop(random)
        self._drawn: list[tuple[int, str, str, dict[str, Any]]] = []
        self._orders = 0
        self._cases = 0

    def events(self) -> list[SourceEvent]:
        """Return the customer's events, sorted by instant."""
        kind = self._one_of(_KINDS)
        joined = self._start
        if self._random.random() >= _ALREADY_THERE:
            joined += int(self._random.random() * (self._end - self._start))
        self._identify(joined, kind)
        self._buy_and_browse(joined, kind)
        drawn = sorted((event for event in self._drawn if event[0] < self._end), key=lambda event: event[0])
        return [self._event(number, *event) for number, event in enumerate(drawn, start=1)]

    def _buy_and_browse(self, joined: int, kind: str) -> None:
        rate = self._random.gammavariate(_RATE_SHAPE, _RATE_SCALE) * (2 if kind == "business" else 1)
        leaves = self._random.betavariate(_LEAVE_ALPHA, _LEAVE_BETA)
        active_until = self._end
        if self._random.random() >= _NEVER_BUYS:
            at = joined + self._wait(2 * _DAY)
            while at < self._end:
                self._purchase(at, wholesale=kind in ("business", "channel"))
                if self._random.random() < leaves:
                    active_until = at
                    break
                at += self._wait(_WEEK / max(rate, 0.02))
        self._visits(joined, active_until, rate * _VISITS_PER_PURCHASE)
        self._visits(active_until, self._end, rate * _VISITS_AFTER_LEAVING)

    def _visits(self, begin: int, end: int, per_week: float) -> None:
        at = begin
        while per_week > 0 and (at := at + self._wait(_WEEK / per_week)) < end:
            instant = at
            for name, properties in self._shop.visit():
                self._track(instant, name, properties)
                instant += self._between(5_000, 3 * _MINUTE)

    def _purchase(self, at: int, *, wholesale: bool) -> None:
        self._orders += 1
        basket = self._shop.basket(f"{self._user_id}-order-{self._orders}", wholesale=wholesale)
        instant = at
        for name, properties in reversed(self._shop.checkout(basket)):
            instant -= self._between(5_000, 2 * _MINUTE)
            self._track(instant, name, properties)
        self._track(at, "Order Completed", basket.properties())
        self._after_order(at, basket)

    def _after_order(self, at: int, basket: Basket) -> None:
        draw = self._random.random()
        if draw < _CANCEL:
            cancelled = {"order_id": basket.order_id, "total": basket.total / 100, "currency": "USD"}
            self._track(at + self._between(_HOUR, 20 * _HOUR), "Order Cancelled", cancelled)
        elif draw < _CANCEL + _REFUND:
            partial = min(basket.lines[0].value, basket.total)  # a coupon can make the order cheaper than one line
            refunded = basket.total if self._random.random() < 0.5 else partial
            refund = {"order_id": basket.order_id, "total": refunded / 100, "currency": "USD"}
            self._track(at + self._between(2 * _DAY, 20 * _DAY), "Order Refunded", refund)
        elif draw < _CANCEL + _REFUND + _UPDATE:
            self._track(at + self._between(_MINUTE, _HOUR), "Order Updated", basket.one_more().properties())
        if self._random.random() < _TICKET:
            self._ticket(at + self._between(_HOUR, 6 * _DAY), basket.order_id)
        if self._random.random() < _CHAT:
            self._chat(at + self._between(_HOUR, 4 * _DAY))

    def _ticket(self, opened: int, order_id: str) -> None:
        self._cases += 1
        ticket = {"ticket_id": f"{self._user_id}-ticket-{self._cases}"}
        subject = self._random.choice(("delivery", "defect", "invoice", "question"))
        self._track(opened, "Support Ticket Created", {**ticket, "order_id": order_id, "subject": subject})
        if self._random.random() >= _SOLVED:
            return
        solved = opened + _HOUR + self._wait(1.5 * _DAY)
        self._track(solved, "Support Ticket Solved", ticket)
        reopened = self._random.random() < _REOPENED
        if reopened:
            again = solved + self._between(_HOUR, 3 * _DAY)
            self._track(again, "Support Ticket Reopened", ticket)
            solved = again + _HOUR + self._wait(2 * _DAY)
            self._track(solved, "Support Ticket Solved", ticket)
        if self._random.random() < _RATED:
            slow = reopened or solved - opened > 3 * _DAY
            rating = self._random.choices((1, 2, 3, 4, 5), (30, 25, 20, 15, 10) if slow else (4, 6, 15, 35, 40))[0]
            rated = solved + self._between(_MINUTE, 2 * _DAY)
            self._track(rated, "Support Ticket Rated", {**ticket, "rating": rating})

    def _chat(self, started: int) -> None:
        self._cases += 1
        conversation = {"conversation_id": f"{self._user_id}-chat-{self._cases}"}
        self._track(started, "Live Chat Conversation Started", conversation)
        ended = started + self._between(2 * _MINUTE, 40 * _MINUTE)
        self._track(ended, "Live Chat Conversation Ended", conversation)

    def _identify(self, at: int, kind: str) -> None:
        traits: dict[str, Any] = {
            "kind": kind,
            "country": self._one_of(_COUNTRIES),
            "device": self._one_of(_DEVICES),
            "plan": self._one_of(_PLANS),
            "newsletter": self._random.random() < 0.4,
        }
        if kind == "consumer":
            traits["birth_year"] = int(self._random.triangular(1945, 2006, 1985))
        self._drawn.append((at, "identify", "", traits))
        if self._random.random() < 0.15:
            later = at + self._between(10 * _DAY, 200 * _DAY)
            self._drawn.append((later, "identify", "", {"plan": self._one_of(_PLANS)}))

    def _track(self, at: int, name: str, properties: dict[str, Any]) -> None:
        self._drawn.append((max(at, self._start), "page" if name == "page" else "track", name, properties))

    def _event(self, number: int, at: int, kind: str, name: str, content: dict[str, Any]) -> SourceEvent:
        envelope: dict[str, Any] = {"type": kind}
        if kind == "track":
            envelope["event"] = name
        elif kind == "page":
            envelope["name"] = content["title"]
        envelope |= {"messageId": f"{self._user_id}-{number}", "userId": self._user_id, "timestamp": to_text(at)}
        envelope["traits" if kind == "identify" else "properties"] = {**content, "simulated": True}
        return SourceEvent(at, topic_of(kind, name), self._user_id.encode(), compact(orjson.dumps(envelope)))

    def _wait(self, mean: float) -> int:
        return int(self._random.expovariate(1 / mean))

    def _between(self, low: int, high: int) -> int:
        return self._random.randrange(low, high)

    def _one_of(self, weights: dict[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]
