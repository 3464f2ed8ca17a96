"""What is remembered of a customer, in plain lists from which nothing is dropped."""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from tests.reference_model.asked import Asked
from tests.reference_model.calendar import Calendar
from tests.reference_model.events import Fact
from tests.reference_model.money import decimals
from tests.reference_model.names import key_of
from tests.reference_model.policy import Money, Policy
from tests.reference_model.properties import Trait
from tests.reference_model.tallies import TopList

COUNTED = {"view": "views", "search": "searches", "cart": "carts", "coupon": "coupons"}
DAYS = ("views", "searches", "carts", "coupons", "sessions", "tickets_opened", "tickets_solved")
BROWSED = {"view", "search", "cart", "browse"}


MOST_ORDERS = 10_000


MILLION = 1_000_000


@dataclass(frozen=True)
class Happened:
    """An event that happened, and what conditions read of it."""

    key: str
    at: int
    day: int
    properties: dict[str, Trait]
    civil: Calendar
    """The days of the customer's zone, as it was known then."""


@dataclass(eq=False)
class Order:
    """An order: what it is worth as stated last, what is left of that, and the same in millionths of its own currency.

    `off` is by how many millionths its refunds in other currencies may be off.
    """

    order_id: str
    at: int
    day: int
    money: Money
    civil: Calendar
    worth: int = 0
    left: int = 0
    own: tuple[str, int] | None = None
    whole: int = 0
    own_left: int = 0
    off: int = 0
    items: int = 0
    categories: tuple[str, ...] = ()
    discount: int = 0
    coupon: bool = False
    properties: dict[str, Trait] = field(default_factory=dict)
    forgotten: bool = False
    said_at: int = 0
    """When it was said last what the order is."""

    def state(self, fact: Fact) -> None:
        """Takes over what a fact says of the order; one that says the same amount again is no news of the amount."""
        assert fact.amount is not None
        if fact.kind == "update" or (fact.amount, fact.own) != (self.worth, self.own):
            self.worth = self.left = fact.amount
            self.own, self.off = fact.own, 0
            self.whole = fact.own[1] if fact.own else fact.amount * MILLION // 10**self.money.places
            self.own_left = self.whole
        self.items, self.categories = fact.items, fact.categories
        self.discount, self.coupon = fact.discount, fact.coupon
        self.properties, self.said_at = dict(fact.properties), fact.at

    def give_back(self, fact: Fact) -> int:
        """Takes what a refund gives back off the order; returns how much that was."""
        before = self.left
        if fact.amount is None:
            self.left = self.own_left = 0
        elif self.whole == 0:
            self.left = max(before - fact.amount, 0)
        else:
            self.own_left = max(self.own_left - self.taken(fact, fact.amount), 0)
            places = decimals(self.own[0]) if self.own else self.money.places
            worth_is_off = ceil(Fraction(self.whole, 2 * self.worth)) if self.own and self.worth else 0
            if Fraction(self.own_left) < Fraction(MILLION, 2 * 10**places):
                self.own_left = 0
            if self.off and self.own_left <= self.off + worth_is_off:
                self.own_left = 0
            self.left = round(Fraction(self.worth * self.own_left, self.whole))
        return before - self.left

    def taken(self, fact: Fact, amount: int) -> int:
        """What a refund takes off, in millionths of the order's currency."""
        home = self.money.currency
        currency, stated = fact.own or (home, 0)
        mine = self.own[0] if self.own else home
        if currency in ("", mine):
            return stated if self.own else amount * MILLION // 10**self.money.places
        if not self.worth:
            return self.own_left
        rate = Fraction(self.money.rates[currency]) if currency != home else Fraction(1)
        step = Fraction(1, 10 ** decimals(currency))
        given = rate * Fraction(stated, MILLION) if fact.own else Fraction(amount) * step
        of_worth = Fraction(self.worth, 10**self.money.places)
        self.off = min(self.off + ceil(rate * step / 2 * self.whole / of_worth), self.whole)
        return ceil(given * self.whole / of_worth)


def occasions_of(orders: list[Order], length: int, before: list[int]) -> list[int]:
    """The instants at which purchase occasions begin, after those of `before`."""
    begun = list(before)
    for order in orders:
        if not begun or order.at >= begun[-1] + length:
            begun.append(order.at)
    return begun


@dataclass
class Placed:
    """An order that was placed and not cancelled, and whether money was given back of it."""

    order: Order
    returned: bool = False


@dataclass
class Memory:
    policy: Policy
    first_event_at: int
    orders: list[Order] = field(default_factory=list)
    undone: dict[str, int] = field(default_factory=dict)
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
    happened: list[Happened] = field(default_factory=list)
    by_key: dict[str, list[Happened]] = field(default_factory=dict)
    """The same by name."""
    placed: list[Placed] = field(default_factory=list)
    user_id: str = ""
    tops: dict[tuple[str, str], TopList] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)
    counted_before: tuple[list[int], int] = field(default_factory=lambda: ([], 0))
    """The occasions of orders that were forgotten under policies before, and how many these orders are."""

    def __post_init__(self) -> None:
        self.tops = self.tops_of(self.policy)

    def tops_of(self, policy: Policy) -> dict[tuple[str, str], TopList]:
        calls = [call for call in policy.calls if call.function.startswith("top")]
        return {(call.of, call.weight): TopList(call, call.days) for call in sorted(calls, key=lambda it: it.days)}

    def adopt(self, policy: Policy, at: int) -> None:
        """Keeps of what is remembered what counts under a new policy."""
        self.asked.adopt(self.policy, policy, at, self)
        forgotten = [each for each in self.orders if each.forgotten]
        begun, count = self.counted_before
        self.counted_before = occasions_of(forgotten[count:], self.policy.occasion, begun), len(forgotten)
        tops = self.tops_of(policy)
        for of, top_list in tops.items():
            top_list.entries = self.tops[of].entries if of in self.tops else []
        if not any(call.function == "return_rate" for call in self.policy.calls):
            self.placed = []
        self.policy, self.tops = policy, tops
        for order in self.orders:
            order.money = policy.money

    def take(self, fact: Fact) -> str:
        """Takes a fact in; says whether an order was `added` or `ended` by it, or neither."""
        effect = self.taken(fact)
        changed = self.remembered(fact.order_id) if fact.kind in ("order", "update") else None
        for top_list in self.tops.values():
            top_list.take(self, self.happened[-1], changed)
        return effect

    def taken(self, fact: Fact) -> str:
        day = self.policy.calendar.day(fact.at)
        self.eventful.add(day)
        self.learn(fact.traits)
        civil = self.policy.civil_of(self.traits)
        self.happened.append(Happened(key_of(fact.name), fact.at, day, dict(fact.properties), civil))
        self.by_key.setdefault(key_of(fact.name), []).append(self.happened[-1])
        if fact.kind in COUNTED:
            self.days[COUNTED[fact.kind]].append(day)
        if fact.kind in BROWSED:
            if self.visited_at is None or fact.at - self.visited_at > self.policy.session:
                self.days["sessions"].append(day)
            self.visited_at = fact.at
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

    @property
    def occasions(self) -> list[int]:
        begun, count = self.counted_before
        return occasions_of(self.orders[count:], self.policy.occasion, begun)

    def forget(self, day: int) -> None:
        """Forgets what lies too far back on a day."""
        oldest = day - self.policy.undo_days + 1
        for order in self.orders:
            order.forgotten = order.forgotten or order.day < oldest
        self.undone = {order_id: at for order_id, at in self.undone.items() if at >= oldest}

    def remembered(self, order_id: str) -> Order | None:
        known = [order for order in self.orders if order.order_id == order_id and not order.forgotten]
        return known[-1] if known else None

    def forgets(self, fact: Fact) -> bool:
        """Whether a fact is about an order that may be one of those forgotten."""
        if fact.kind not in ("update", "refund", "cancel"):
            return False
        self.forget(self.policy.calendar.day(fact.at))
        unknown = fact.order_id not in self.undone and self.remembered(fact.order_id) is None
        return unknown and any(order.forgotten for order in self.orders)

    def take_order(self, fact: Fact, day: int) -> str:
        self.forget(day)
        order = self.remembered(fact.order_id)
        if order is not None:
            self.state(order, fact)
            return ""
        if fact.kind == "update" or (fact.order_id in self.undone and not fact.reinstated):
            return ""
        self.undone.pop(fact.order_id, None)
        order = Order(fact.order_id, fact.at, day, self.policy.money, self.policy.civil)
        self.state(order, fact)
        self.orders.append(order)
        self.placed.append(Placed(order))
        remembered = [each for each in self.orders if not each.forgotten]
        for each in remembered[:-MOST_ORDERS]:
            each.forgotten = True
        self.newest = [*self.newest, order][-10:]
        return "added"

    def state(self, order: Order, fact: Fact) -> None:
        order.state(fact)
        order.civil = self.policy.civil_of(self.traits)

    def give_back(self, fact: Fact, day: int) -> str:
        self.forget(day)
        order = self.remembered(fact.order_id)
        if order is None:
            if fact.amount is not None:
                self.refunds.append((day, fact.amount))
            return ""
        if fact.kind == "refund":
            self.refunds.append((day, order.give_back(fact)))
            is_left = bool(order.left or order.own_left)
            for each in self.placed:
                each.returned = each.returned or (each.order is order and (fact.amount != 0 or not is_left))
            if is_left:
                return ""
        else:
            self.placed = [each for each in self.placed if each.order is not order]
        self.orders = [each for each in self.orders if each is not order]
        self.newest = [each for each in self.newest if each is not order]
        self.undone.pop(order.order_id, None)
        self.undone = dict([*self.undone.items(), (order.order_id, day)][-MOST_ORDERS:])
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
        others = [name for name in known if name not in self.policy.named][:64]
        self.traits = {name: value for name, value in known.items() if name in self.policy.named or name in others}
