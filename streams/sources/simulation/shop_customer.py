"""A customer of the simulated shop, from the first visit to the last: traits, visits, orders and support cases.

Purchases follow the BG/NBD model: each customer buys at a rate of their own (gamma across customers), and after each
purchase leaves for good with a probability of their own (beta across customers).
"""

from typing import Any

from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder
from streams.sources.simulation.shop import Basket, Shop

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


def live(recorder: Recorder, user_id: str, draws: Draws, start: int, end: int) -> None:
    """Record the life of one customer between ``start`` and ``end`` (ms since 1970)."""
    _ShopCustomer(recorder, user_id, draws, start, end).live()


class _ShopCustomer:
    def __init__(self, recorder: Recorder, user_id: str, draws: Draws, start: int, end: int) -> None:
        self._recorder = recorder
        self._user_id = user_id
        self._draws = draws
        self._random = draws.random
        self._start = start
        self._end = end
        self._shop = Shop(draws.random)
        self._orders = 0
        self._cases = 0

    def live(self) -> None:
        """Record everything that the customer does."""
        kind = self._draws.one_of(_KINDS)
        joined = self._start
        if not self._draws.chance(_ALREADY_THERE):
            joined += int(self._random.random() * (self._end - self._start))
        self._identify(joined, kind)
        self._buy_and_browse(joined, kind)

    def _buy_and_browse(self, joined: int, kind: str) -> None:
        rate = self._random.gammavariate(_RATE_SHAPE, _RATE_SCALE) * (2 if kind == "business" else 1)
        leaves = self._random.betavariate(_LEAVE_ALPHA, _LEAVE_BETA)
        active_until = self._end
        if not self._draws.chance(_NEVER_BUYS):
            at = joined + self._draws.wait(2 * _DAY)
            while at < self._end:
                self._purchase(at, wholesale=kind in ("business", "channel"))
                if self._draws.chance(leaves):
                    active_until = at
                    break
                at += self._draws.wait(_WEEK / max(rate, 0.02))
        self._visits(joined, active_until, rate * _VISITS_PER_PURCHASE)
        self._visits(active_until, self._end, rate * _VISITS_AFTER_LEAVING)

    def _visits(self, begin: int, end: int, per_week: float) -> None:
        at = begin
        while per_week > 0 and (at := at + self._draws.wait(_WEEK / per_week)) < end:
            instant = at
            for name, properties in self._shop.visit():
                self._act(instant, name, properties)
                instant += self._draws.between(5_000, 3 * _MINUTE)

    def _purchase(self, at: int, *, wholesale: bool) -> None:
        self._orders += 1
        basket = self._shop.basket(f"{self._user_id}-order-{self._orders}", wholesale=wholesale)
        instant = at
        for name, properties in reversed(self._shop.checkout(basket)):
            instant -= self._draws.between(5_000, 2 * _MINUTE)
            self._act(instant, name, properties)
        self._act(at, "Order Completed", basket.properties())
        self._after_order(at, basket)

    def _after_order(self, at: int, basket: Basket) -> None:
        draw = self._random.random()
        if draw < _CANCEL:
            cancelled = {"order_id": basket.order_id, "total": basket.total / 100, "currency": "USD"}
            self._act(at + self._draws.between(_HOUR, 20 * _HOUR), "Order Cancelled", cancelled)
        elif draw < _CANCEL + _REFUND:
            partial = min(basket.lines[0].value, basket.total)  # a coupon can make the order cheaper than one line
            refunded = basket.total if self._draws.chance(0.5) else partial
            refund = {"order_id": basket.order_id, "total": refunded / 100, "currency": "USD"}
            self._act(at + self._draws.between(2 * _DAY, 20 * _DAY), "Order Refunded", refund)
        elif draw < _CANCEL + _REFUND + _UPDATE:
            self._act(at + self._draws.between(_MINUTE, _HOUR), "Order Updated", basket.one_more().properties())
        if self._draws.chance(_TICKET):
            self._ticket(at + self._draws.between(_HOUR, 6 * _DAY), basket.order_id)
        if self._draws.chance(_CHAT):
            self._chat(at + self._draws.between(_HOUR, 4 * _DAY))

    def _ticket(self, opened: int, order_id: str) -> None:
        self._cases += 1
        ticket = {"ticket_id": f"{self._user_id}-ticket-{self._cases}"}
        subject = self._random.choice(("delivery", "defect", "invoice", "question"))
        self._act(opened, "Support Ticket Created", {**ticket, "order_id": order_id, "subject": subject})
        if not self._draws.chance(_SOLVED):
            return
        solved = opened + _HOUR + self._draws.wait(1.5 * _DAY)
        self._act(solved, "Support Ticket Solved", ticket)
        reopened = self._draws.chance(_REOPENED)
        if reopened:
            again = solved + self._draws.between(_HOUR, 3 * _DAY)
            self._act(again, "Support Ticket Reopened", ticket)
            solved = again + _HOUR + self._draws.wait(2 * _DAY)
            self._act(solved, "Support Ticket Solved", ticket)
        if self._draws.chance(_RATED):
            slow = reopened or solved - opened > 3 * _DAY
            rating = self._random.choices((1, 2, 3, 4, 5), (30, 25, 20, 15, 10) if slow else (4, 6, 15, 35, 40))[0]
            rated = solved + self._draws.between(_MINUTE, 2 * _DAY)
            self._act(rated, "Support Ticket Rated", {**ticket, "rating": rating})

    def _chat(self, started: int) -> None:
        self._cases += 1
        conversation = {"conversation_id": f"{self._user_id}-chat-{self._cases}"}
        self._act(started, "Live Chat Conversation Started", conversation)
        ended = started + self._draws.between(2 * _MINUTE, 40 * _MINUTE)
        self._act(ended, "Live Chat Conversation Ended", conversation)

    def _identify(self, at: int, kind: str) -> None:
        traits: dict[str, Any] = {
            "kind": kind,
            "country": self._draws.one_of(_COUNTRIES),
            "device": self._draws.one_of(_DEVICES),
            "plan": self._draws.one_of(_PLANS),
            "newsletter": self._draws.chance(0.4),
        }
        if kind == "consumer":
            traits["birth_year"] = int(self._random.triangular(1945, 2006, 1985))
        self._recorder.identify(at, traits)
        if self._draws.chance(0.15):
            later = at + self._draws.between(10 * _DAY, 200 * _DAY)
            self._recorder.identify(later, {"plan": self._draws.one_of(_PLANS)})

    def _act(self, at: int, name: str, properties: dict[str, Any]) -> None:
        if name == "page":
            self._recorder.page(at, properties)
        else:
            self._recorder.track(at, name, properties)
