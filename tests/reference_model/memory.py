"""What is remembered of a customer, in plain lists from which nothing is dropped."""

from dataclasses import dataclass, field

from tests.reference_model.calendar import Calendar
from tests.reference_model.events import Fact
from tests.reference_model.properties import Trait

COUNTED = {"view": "views", "search": "searches", "cart": "carts", "coupon": "coupons"}
DAYS = ("views", "searches", "carts", "coupons", "sessions", "tickets_opened", "tickets_solved")
BROWSED = {"view", "search", "cart", "browse"}


@dataclass(eq=False)
class Order:
    order_id: str
    at: int
    day: int
    amount: int
    items: int
    categories: tuple[str, ...]
    refunded: int = 0
    forgotten: bool = False

    @property
    def left(self) -> int:
        return self.amount - self.refunded


def is_near(order: Order, day: int) -> bool:
    return order.day > day - 365 and not order.forgotten


@dataclass
class Memory:
    calendar: Calendar
    session: int
    first_event_at: int
    named: frozenset[str] = frozenset()
    orders: list[Order] = field(default_factory=list)
    newest: list[Order] = field(default_factory=list)
    refunds: list[tuple[int, int]] = field(default_factory=list)
    days: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in DAYS})
    ratings: list[tuple[int, float]] = field(default_factory=list)
    visited_at: int | None = None
    open: dict[str, int] = field(default_factory=dict)
    last_rating: float | None = None
    rated_at: int = 0
    traits: dict[str, Trait] = field(default_factory=dict)
    eventful: set[int] = field(default_factory=set)

    def take(self, fact: Fact) -> str:
        """Takes a fact in; says whether an order was `added` or `ended` by it, or neither."""
        day = self.calendar.day(fact.at)
        self.eventful.add(day)
        if fact.kind in COUNTED:
            self.days[COUNTED[fact.kind]].append(day)
        if fact.kind in BROWSED:
            if self.visited_at is None or fact.at - self.visited_at > self.session:
                self.days["sessions"].append(day)
            self.visited_at = fact.at
        self.learn(fact.traits)
        if fact.kind in ("order", "update"):
            return self.take_order(fact, day)
        if fact.kind in ("refund", "cancel"):
            return self.give_back(fact, day)
        if fact.kind == "open":
            self.open_ticket(fact, day)
        if fact.kind == "solve" and self.open.pop(fact.ticket_id, None) is not None:
            self.days["tickets_solved"].append(day)
        if fact.kind == "rate":
            self.ratings.append((day, fact.rating))
            self.last_rating, self.rated_at = fact.rating, fact.at
        return ""

    def remembered(self, order_id: str, day: int) -> Order | None:
        near = [order for order in self.orders[-256:] if order.order_id == order_id and is_near(order, day)]
        return near[-1] if near else None

    def take_order(self, fact: Fact, day: int) -> str:
        assert fact.amount is not None
        order = self.remembered(fact.order_id, day)
        if order is not None:
            order.amount, order.items, order.categories = fact.amount, fact.items, fact.categories
            order.refunded = min(order.refunded, order.amount)
            return ""
        if fact.kind == "update":
            return ""
        order = Order(fact.order_id, fact.at, day, fact.amount, fact.items, fact.categories)
        self.orders.append(order)
        if len(self.orders) > 256:
            self.orders[-257].forgotten = True
        self.newest = [*self.newest, order][-10:]
        return "added"

    def give_back(self, fact: Fact, day: int) -> str:
        order = self.remembered(fact.order_id, day)
        if order is None:
            if fact.amount is not None:
                self.refunds.append((day, fact.amount))
            return ""
        if fact.kind == "refund":
            taken = order.left if fact.amount is None else min(fact.amount, order.left)
            order.refunded += taken
            self.refunds.append((day, taken))
            if order.left > 0:
                return ""
        self.orders = [each for each in self.orders if each is not order]
        self.newest = [each for each in self.newest if each is not order]
        return "ended"

    def open_ticket(self, fact: Fact, day: int) -> None:
        if fact.ticket_id in self.open:
            return
        self.days["tickets_opened"].append(day)
        if len(self.open) < 64:
            self.open[fact.ticket_id] = fact.at

    def learn(self, traits: tuple[tuple[str, Trait], ...]) -> None:
        known = self.traits | dict(traits)
        known = {name: value for name, value in known.items() if value is not None}
        others = [name for name in known if name not in self.named][:64]
        self.traits = {name: value for name, value in known.items() if name in self.named or name in others}
