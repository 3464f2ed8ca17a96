"""Purchases keep exactly what a list of all orders would say, however much is archived or forgotten."""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import ceil, isqrt

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import OrderCancelled, OrderCompleted, OrderDetails, OrderRefunded, OrderUpdated, OwnAmount
from state.customer.conversion import Conversion
from state.customer.figures import gap_variation
from state.customer.purchases import OrderMemory, Purchases, no_purchases
from state.customer.stored_purchases import pack_purchases, unpack_purchases

DAY = 86_400_000
HOUR = DAY // 24
Fact = OrderCompleted | OrderUpdated | OrderRefunded | OrderCancelled


@dataclass
class Order:
    """An order as a list of everything has it; ``own`` and ``own_left`` are in millionths of its own currency."""

    id: str
    at: int
    amount: int
    items: int
    categories: tuple[str, ...]
    details: OrderDetails
    net: int = 0
    own_left: int = 0
    slack: int = 0

    @property
    def stated(self) -> int:
        """The stated amount, in millionths of the order's own currency."""
        own = self.details.own
        return own.millionths if own is not None else self.amount * 10_000

    def restate(self, fact: OrderCompleted | OrderUpdated) -> None:
        """Take the amount of a fact as what the order is worth."""
        self.amount = self.net = fact.total
        self.details = fact.details or OrderDetails()
        self.own_left, self.slack = self.stated, 0


@dataclass
class Naive:
    """All orders that stand in a list, and what is known of those that do not."""

    memory: OrderMemory
    orders: list[Order] = field(default_factory=list)
    forgotten: list[Order] = field(default_factory=list)
    undone: dict[str, int] = field(default_factory=dict)
    refunds: list[tuple[int, int]] = field(default_factory=list)
    newest: list[Order] = field(default_factory=list)

    def remember(self, day: int) -> None:
        """Forget what lies too far back."""
        oldest = day - self.memory.undo_days + 1
        while self.orders and self.orders[0].at // DAY < oldest:
            self.forgotten.append(self.orders.pop(0))
        self.undone = {it: at for it, at in self.undone.items() if at >= oldest}

    def take(self, fact: Fact) -> bool:
        """Take a fact; return whether an order was added or stopped standing."""
        day = fact.at // DAY
        self.remember(day)
        order = next((it for it in self.orders if it.id == fact.order_id), None)
        if isinstance(fact, OrderCancelled):
            return order is not None and self.undo(order, day)
        if isinstance(fact, OrderRefunded):
            return self.refund(order, fact, day)
        said = fact.details or OrderDetails()
        if order is not None:
            is_same = (order.amount, order.details.own) == (fact.total, said.own)
            if isinstance(fact, OrderUpdated) or not is_same:
                order.restate(fact)
            order.items, order.categories, order.details = fact.items, fact.categories, said
            return False
        if isinstance(fact, OrderUpdated) or (fact.order_id in self.undone and not said.reinstated):
            return False
        self.undone.pop(fact.order_id, None)
        order = Order(fact.order_id, fact.at, 0, fact.items, fact.categories, said)
        order.restate(fact)
        self.orders.append(order)
        self.newest = [*self.newest, order][-10:]
        if len(self.orders) > self.memory.most:
            self.forgotten.append(self.orders.pop(0))
        return True

    def refund(self, order: Order | None, fact: OrderRefunded, day: int) -> bool:
        """Give money back."""
        if order is None:
            if not self.forgotten or fact.order_id in self.undone:
                self.refunds.append((day, fact.total or 0))
            return False
        before, own = order.net, order.details.own
        if fact.total is None:
            order.net = order.own_left = 0
        elif not order.stated:
            order.net = max(order.net - fact.total, 0)
        else:
            order.own_left = max(order.own_left - self.taken(order, fact, fact.total), 0)
            worth_is_off = 0 if own is None or not order.amount else ceil(Fraction(order.stated, 2 * order.amount))
            if order.own_left < 5000 or (order.slack and order.own_left <= order.slack + worth_is_off):
                order.own_left = 0
            order.net = round(Fraction(order.amount * order.own_left, order.stated))
        self.refunds.append((day, before - order.net))
        return not (order.own_left or order.net) and self.undo(order, day)

    def taken(self, order: Order, fact: OrderRefunded, total: int) -> int:
        """Return what a refund takes off, in millionths of the order's currency; one in another adds to the slack."""
        own = order.details.own
        if own is None and (fact.own is None or fact.own.currency is None):
            return total * 10_000
        if own is not None and fact.own is not None and fact.own.currency in (None, own.currency):
            return fact.own.millionths
        if not order.amount:
            return order.own_left
        exact, off = Fraction(total), Fraction(1, 2)
        rates = self.memory.conversion.rates
        if fact.own is not None and fact.own.currency is not None and fact.own.currency in rates:
            rate = 100 * rates[fact.own.currency]
            exact, off = rate * fact.own.millionths / 10**6, rate / 200
        order.slack = min(order.slack + ceil(off * order.stated / order.amount), order.stated)
        return ceil(exact * order.stated / order.amount)

    def undo(self, order: Order, day: int) -> bool:
        """Let an order stand no more."""
        self.orders = [it for it in self.orders if it is not order]
        self.newest = [it for it in self.newest if it is not order]
        self.undone.pop(order.id, None)
        self.undone[order.id] = day
        if len(self.undone) > self.memory.most:
            del self.undone[next(iter(self.undone))]
        return True

    def occasions(self) -> list[int]:
        """Return the instants at which an occasion begins."""
        begun: list[int] = []
        for order in self.standing:
            if not begun or order.at - begun[-1] >= self.memory.occasion_ms:
                begun.append(order.at)
        return begun

    @property
    def standing(self) -> list[Order]:
        """All orders that stand, remembered or not."""
        return self.forgotten + self.orders


def naive_answers(naive: Naive, today: int) -> list[object]:
    """Return what is known of the customer on a day."""
    orders, begun = naive.standing, naive.occasions()
    found: list[object] = [
        (len(orders), sum(it.net for it in orders), sum(it.items for it in orders)),
        (orders[0].at, orders[-1].at) if orders else (None, None),
        (len(begun), begun[-1] if begun else 0, variation([later - it for it, later in pairwise(begun)])),
        list(dict.fromkeys(name for it in reversed(naive.newest) for name in it.categories)),
    ]
    for window in (1, 7, 30, 90, 365):
        since = today - window + 1
        inside = [it for it in orders if it.at // DAY >= since]
        found.append(
            (
                len(inside),
                sum(it.net for it in inside),
                sum(it.items for it in inside),
                sum(it.details.coupon for it in inside),
                sum(it.details.discount for it in inside),
                sum(amount for day, amount in naive.refunds if day >= since),
            )
        )
    return found


def variation(gaps: list[int]) -> int | None:
    """Return the standard deviation of gaps by their mean, in ten-thousandths, rounded down."""
    if len(gaps) < 2 or not sum(gaps):
        return None
    mean = Fraction(sum(gaps), len(gaps))
    relative = sum((gap / mean - 1) ** 2 for gap in gaps) / len(gaps)
    return isqrt(int(relative * 10**8))


def answers(kept: Purchases, today: int, occasion_ms: int) -> list[object]:
    """Return the same of purchases."""
    found: list[object] = [
        (kept.count(), kept.revenue(), kept.item_count()),
        (kept.first(), kept.last()),
        (kept.occasions, kept.occasion_at, gap_variation(kept, occasion_ms)),
        list(kept.categories()),
    ]
    for window in (1, 7, 30, 90, 365):
        since = today - window + 1
        found.append(
            (
                kept.orders_since(since),
                kept.revenue_since(since),
                kept.items_since(since),
                kept.coupon_orders_since(since),
                kept.discount_since(since),
                kept.refunds.total(0, since),
            )
        )
    return found


def apply(kept: Purchases, fact: Fact, memory: OrderMemory) -> bool:
    """Apply a fact to purchases."""
    day = fact.at // DAY
    if isinstance(fact, OrderCancelled):
        return kept.cancel(fact, day, memory)
    if isinstance(fact, OrderRefunded):
        return kept.refund(fact, day, memory)
    return kept.place(fact, day, memory)


AMOUNTS = st.sampled_from((0, 1, 500, 999, 1001))
OWN = st.sampled_from((None, None, OwnAmount("EUR", 3_333_333), OwnAmount("EUR", 10_000_000), OwnAmount("JPY", 0)))
DETAILS = st.none() | st.builds(
    OrderDetails, OWN, st.sampled_from((0, 0, 250)), st.booleans(), st.sampled_from((False, False, True))
)
REFUND_OWN = st.sampled_from(
    (None, None, OwnAmount(None, 3_333_333), OwnAmount("EUR", 1_111_111), OwnAmount("KWD", 2_000_000))
)
GAPS = (0, 1, HOUR, 11 * HOUR, DAY - 1, DAY, 3 * DAY, 30 * DAY, 110 * DAY)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Facts about a dozen orders over a year or two, few enough that each is referred to."""
    made: list[Fact] = []
    at = 19_000 * DAY
    calm = draw(st.sampled_from((GAPS, GAPS[:6])))
    for number in range(draw(st.integers(1, 60))):
        at += draw(st.sampled_from(calm))
        order = f"o{draw(st.integers(0, 3)) if draw(st.booleans()) else number}"
        earlier = f"o{draw(st.integers(0, number))}"
        said = (draw(AMOUNTS), draw(st.integers(0, 3)), draw(st.sampled_from(((), ("a",), ("b", "a")))), draw(DETAILS))
        choices: tuple[Fact, ...] = (
            OrderCompleted(at, "m", order, *said),
            OrderCompleted(at, "m", order, *said),
            OrderUpdated(at, "m", earlier, *said),
            OrderRefunded(at, "m", earlier, draw(st.none() | AMOUNTS), draw(REFUND_OWN)),
            OrderCancelled(at, "m", earlier),
        )
        made.append(draw(st.sampled_from(choices)))
    return made


@given(histories(), st.sampled_from((0, HOUR, DAY, 3 * DAY)), st.sampled_from((1, 60, 400, 900)), st.data())
def test_purchases_agree_with_a_list_of_all_orders(
    history: list[Fact], occasion_ms: int, undo_days: int, data: st.DataObject
) -> None:
    max_rows, block_rows = data.draw(st.sampled_from(((11, 1), (15, 5), (96, 64))))
    most = data.draw(st.sampled_from((3, 8, 10_000)))
    memory = OrderMemory(
        occasion_ms, undo_days, 365, most, max_rows, block_rows, Conversion(100, {"EUR": Fraction(27, 25)})
    )
    kept, naive = no_purchases(), Naive(memory)
    for fact in history:
        day = fact.at // DAY
        ids = {it.order_id for it in history}
        naive.remember(day)
        known = naive.undone.keys() | {it.id for it in naive.orders}
        for order_id in ids:
            assert kept.forgets(order_id, day, memory) is bool(naive.forgotten and order_id not in known)
        assert apply(kept, fact, memory) is naive.take(fact)
        if data.draw(st.booleans()):
            again = unpack_purchases(pack_purchases(kept))
            assert again == kept
            kept = again
        assert answers(kept, day, occasion_ms) == naive_answers(naive, day)
    again = unpack_purchases(pack_purchases(kept))
    again.recount(memory)
    kept.stored = b""  # as in what was counted again
    assert again == kept
