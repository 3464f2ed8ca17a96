"""Purchases as a decision table: what events do to the orders that stand, and which orders a window sees."""

from itertools import pairwise

import pytest

from schemas.events import OrderCancelled, OrderCompleted, OrderDetails, OrderRefunded, OrderUpdated
from state.customer.baskets import MAX_BASKETS
from state.customer.purchases import MAX_ROWS, OrderMemory, Purchases, no_purchases
from state.customer.stored_purchases import pack_purchases, unpack_purchases
from tests.unit.state.customers import DAY, MEMORY, ms, ordered

Event = OrderCompleted | OrderUpdated | OrderRefunded | OrderCancelled


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


def updated(day: float, order_id: str, total: int, items: int = 1, categories: tuple[str, ...] = ()) -> OrderUpdated:
    return OrderUpdated(ms(day), "m", order_id, total, items, categories)


def reinstated(day: float, order_id: str, total: int) -> OrderCompleted:
    return OrderCompleted(ms(day), "m", order_id, total, 1, (), OrderDetails(reinstated=True))


def refunded(day: float, order_id: str, total: int | None = None) -> OrderRefunded:
    return OrderRefunded(ms(day), "m", order_id, total)


def cancelled(day: float, order_id: str) -> OrderCancelled:
    return OrderCancelled(ms(day), "m", order_id)


def applied(purchases: Purchases, *events: Event, memory: OrderMemory = MEMORY) -> bool:
    """Apply events in turn; returns what the last one answered."""
    answer = False
    for event in events:
        day = event.at // DAY
        if isinstance(event, OrderRefunded):
            answer = purchases.refund(event, day, memory)
        elif isinstance(event, OrderCancelled):
            answer = purchases.cancel(event, day, memory)
        else:
            answer = purchases.place(event, day, memory)
    return answer


def after(*events: Event, memory: OrderMemory = MEMORY) -> Purchases:
    purchases = no_purchases()
    applied(purchases, *events, memory=memory)
    return purchases


ONE = ordered(1, "a", total=1000, items=2, categories=("shoes", "hats"))
TWO = ordered(3, "b", total=500, items=1, categories=("hats", "bags"))


@pytest.mark.parametrize(
    ("events", "changes_orders", "orders", "revenue", "items"),
    [
        case("an order adds itself", [ONE], True, 1, 1000, 2),
        case("a second order adds itself", [ONE, TWO], True, 2, 1500, 3),
        case("an order for nothing counts", [ordered(1, "a", total=0, items=0)], True, 1, 0, 0),
        case("an order sent again is an update", [ONE, ordered(2, "a", 700, 5)], False, 1, 700, 5),
        case("an update changes the amounts", [ONE, updated(2, "a", 700, 5)], False, 1, 700, 5),
        case("an update of an unknown order changes nothing", [updated(2, "a", 700, 5)], False, 0, 0, 0),
        case(
            "an update of a cancelled order changes nothing",
            [ONE, cancelled(1, "a"), updated(2, "a", 9)],
            False,
            0,
            0,
            0,
        ),
        case("a part refund takes off revenue only", [ONE, refunded(2, "a", 300)], False, 1, 700, 2),
        case("two part refunds add up", [ONE, refunded(2, "a", 300), refunded(2, "a", 300)], False, 1, 400, 2),
        case("a refund without a total undoes the order", [ONE, refunded(2, "a")], True, 0, 0, 0),
        case("a refund of the whole total undoes it", [ONE, refunded(2, "a", 1000)], True, 0, 0, 0),
        case(
            "part refunds that reach the total undo it",
            [ONE, refunded(2, "a", 300), refunded(2, "a", 700)],
            True,
            0,
            0,
            0,
        ),
        case("more than the total cannot be given back", [ONE, TWO, refunded(4, "a", 9999)], True, 1, 500, 1),
        case("a refund of nothing changes nothing", [ONE, refunded(2, "a", 0)], False, 1, 1000, 2),
        case("a refund of an unknown order changes no order", [ONE, refunded(2, "x", 300)], False, 1, 1000, 2),
        case("an update says what is left", [ONE, refunded(2, "a", 300), updated(3, "a", 700)], False, 1, 700, 1),
        case(
            "a later refund is taken off an update",
            [ONE, refunded(2, "a", 300), updated(3, "a", 700), refunded(4, "a", 50)],
            False,
            1,
            650,
            1,
        ),
        case(
            "an order sent again with its amount keeps its refunds",
            [ONE, refunded(2, "a", 300), ordered(3, "a", 1000, 2)],
            False,
            1,
            700,
            2,
        ),
        case(
            "an order sent again with another amount is an update",
            [ONE, refunded(2, "a", 300), ordered(3, "a", 700, 2)],
            False,
            1,
            700,
            2,
        ),
        case("a cancellation undoes the order", [ONE, TWO, cancelled(4, "a")], True, 1, 500, 1),
        case("a second cancellation changes nothing", [ONE, cancelled(4, "a"), cancelled(5, "a")], False, 0, 0, 0),
        case("a cancellation of an unknown order changes nothing", [ONE, cancelled(4, "x")], False, 1, 1000, 2),
        case(
            "an order that was undone stays undone when it is sent again",
            [ONE, cancelled(2, "a"), ordered(3, "a", 50)],
            False,
            0,
            0,
            0,
        ),
        case(
            "it is placed again when it says so",
            [ONE, cancelled(2, "a"), reinstated(3, "a", 50)],
            True,
            1,
            50,
            1,
        ),
        case(
            "an order that was refunded in parts stays undone too",
            [ONE, refunded(2, "a", 300), refunded(2, "a", 700), ordered(3, "a", 1000)],
            False,
            0,
            0,
            0,
        ),
        case(
            "it can be undone again, and stays so",
            [ONE, cancelled(2, "a"), reinstated(3, "a", 50), refunded(4, "a"), ordered(5, "a", 50)],
            False,
            0,
            0,
            0,
        ),
    ],
)
def test_what_an_event_does_to_the_orders(events, changes_orders, orders, revenue, items):
    purchases = no_purchases()
    assert applied(purchases, *events) is changes_orders
    assert (purchases.count(), purchases.revenue(), purchases.item_count()) == (orders, revenue, items)


@pytest.mark.parametrize("undo", [cancelled(9, "x"), refunded(9, "x")], ids=["cancelled", "refunded"])
@pytest.mark.parametrize("place", range(3), ids=["the first order", "one between", "the last order"])
def test_an_undone_order_counts_as_never_placed(place, undo):
    others = [ONE, TWO, ordered(5, "c", total=70)]
    with_it = [*others[:place], ordered((0.5, 2, 4)[place], "x", total=333, categories=("toys",)), *others[place:]]
    undone, never = after(*with_it, undo), after(*others)
    undone.refunds = never.refunds  # that money was given back stays true
    undone.undone = never.undone  # and so does that the order was undone
    assert undone == never


@pytest.mark.parametrize(
    ("events", "first", "last"),
    [
        case("nobody knows of no orders", [], None, None),
        case("one order is first and last", [ONE], 1, 1),
        case("the first and the last of two", [ONE, TWO], 1, 3),
        case("the first is undone", [ONE, TWO, cancelled(4, "a")], 3, 3),
        case("the last is undone", [ONE, TWO, cancelled(4, "b")], 1, 1),
        case("an update moves nothing", [ONE, updated(5, "a", 10)], 1, 1),
        case("orders that left every window are still first and last", [ONE, TWO, refunded(500, "x")], 1, 3),
    ],
)
def test_the_first_and_the_last_order(events, first, last):
    purchases = after(*events)
    assert purchases.first() == (None if first is None else ms(first))
    assert purchases.last() == (None if last is None else ms(last))


@pytest.mark.parametrize(
    ("since", "orders", "revenue", "items"),
    [
        case("all of them", 0, 3, 1570, 4),
        case("the day itself is inside", 1, 3, 1570, 4),
        case("the day after is not", 2, 2, 570, 2),
        case("between orders", 4, 1, 70, 1),
        case("after the last", 6, 0, 0, 0),
    ],
)
def test_a_window_sees_the_orders_from_its_first_day_on(since, orders, revenue, items):
    purchases = after(ONE, TWO, ordered(5, "c", total=70))
    found = purchases.orders_since(since), purchases.revenue_since(since), purchases.items_since(since)
    assert found == (orders, revenue, items)


@pytest.mark.parametrize(
    ("events", "given_back"),
    [
        case("nothing", [ONE], 0),
        case("a part", [ONE, refunded(2, "a", 300)], 300),
        case("a whole order", [ONE, refunded(2, "a")], 1000),
        case("no more than the order had left", [ONE, refunded(2, "a", 300), refunded(3, "a", 9999)], 1000),
        case("of an unknown order what the refund says", [refunded(2, "x", 300)], 300),
        case("of an unknown order nothing if it does not say", [refunded(2, "x")], 0),
        case("a cancellation gives nothing back", [ONE, cancelled(2, "a")], 0),
    ],
)
def test_the_money_given_back(events, given_back):
    assert after(*events).refunds.total(0, 0) == given_back


def test_money_is_given_back_on_the_day_of_the_refund():
    refunds = after(ONE, refunded(7, "a", 300)).refunds
    assert (refunds.total(0, 7), refunds.total(0, 8)) == (300, 0)


def test_an_order_leaves_the_longest_window_and_stays_in_the_totals():
    inside = after(ONE, refunded(MEMORY.window_days, "x"))
    assert inside.orders_since(1) == 1
    outside = after(ONE, refunded(MEMORY.window_days + 1, "x"))
    assert (outside.orders_since(2), outside.revenue_since(2), outside.items_since(2)) == (0, 0, 0)
    assert (outside.count(), outside.revenue(), outside.item_count()) == (1, 1000, 2)


def test_an_order_can_be_undone_as_long_as_it_is_remembered():
    last_day = 1 + MEMORY.undo_days - 1
    assert applied(after(ONE, TWO), cancelled(last_day, "a")) is True
    purchases = after(ONE, TWO)
    assert applied(purchases, cancelled(last_day + 1, "a")) is False
    assert purchases.count() == 2
    assert purchases.forgets("a", last_day + 1, MEMORY)
    assert not purchases.forgets("b", last_day + 1, MEMORY)


def test_more_orders_than_have_rows_still_count_by_day():
    made = [ordered(1 + number // 100, f"o{number}", total=number, items=2) for number in range(2 * MAX_ROWS + 50)]
    purchases = after(*made)
    assert len(purchases.rows.ids) <= MAX_ROWS
    for since in range(6):
        seen = [it for it in made if it.at >= ms(since)]
        assert purchases.orders_since(since) == len(seen)
        assert purchases.revenue_since(since) == sum(it.total for it in seen)
        assert purchases.items_since(since) == sum(it.items for it in seen)
    assert (purchases.count(), purchases.first(), purchases.last()) == (len(made), made[0].at, made[-1].at)


@pytest.mark.parametrize(
    ("events", "categories"),
    [
        case("none", [], ()),
        case("each once, the newest order first", [ONE, TWO], ("hats", "bags", "shoes")),
        case("those of an undone order go", [ONE, TWO, cancelled(4, "b")], ("shoes", "hats")),
        case(
            "an update brings its own", [ONE, TWO, updated(4, "a", 9, categories=("toys",))], ("hats", "bags", "toys")
        ),
        case("a part refund keeps them", [ONE, refunded(2, "a", 300)], ("shoes", "hats")),
    ],
)
def test_the_categories(events, categories):
    assert after(*events).categories() == categories


def test_only_the_newest_orders_have_categories():
    made = [ordered(day, f"o{day}", categories=(f"c{day}",)) for day in range(1, MAX_BASKETS + 3)]
    newest_first = tuple(f"c{day}" for day in range(MAX_BASKETS + 2, 2, -1))
    assert after(*made).categories() == newest_first
    assert after(*made, cancelled(20, "o1")).categories() == newest_first, (
        "an order without categories has none to lose"
    )


HISTORY: list[Event] = [
    *(ordered(day / 2, f"o{day}", total=day * 7, categories=("a", f"c{day % 3}")) for day in range(1, 300)),
    refunded(151, "o299", 20),
    cancelled(152, "o298"),
    *(ordered(155 + day, f"p{day}", total=900) for day in range(0, 400, 9)),
    refunded(560, "unknown", 5),
]


def answers(purchases: Purchases) -> list[object]:
    """Everything that can be asked of purchases, of a window on every tenth day."""
    windows = [
        (purchases.orders_since(day), purchases.revenue_since(day), purchases.items_since(day))
        for day in range(0, 600, 10)
    ]
    refunds = [purchases.refunds.total(0, day) for day in range(0, 600, 10)]
    totals = purchases.count(), purchases.revenue(), purchases.item_count(), purchases.first(), purchases.last()
    occasions = purchases.occasions, purchases.occasion_at
    kept = purchases.rows, purchases.archive, purchases.undone
    return [windows, refunds, totals, occasions, purchases.categories(), *kept]


@pytest.mark.parametrize("count", [0, 1, 10, 299, 301, 320, len(HISTORY)])
def test_what_is_packed_comes_back(count):
    purchases = after(*HISTORY[:count])
    again = unpack_purchases(pack_purchases(purchases))
    assert answers(again) == answers(purchases)
    assert pack_purchases(again) == pack_purchases(purchases)


def test_the_columns_keep_step():
    purchases = no_purchases()
    for event in HISTORY:
        applied(purchases, event)
        rows = purchases.rows
        assert len({len(column) for column in (rows.ids, rows.ats, rows.days, rows.nets, rows.items)}) == 1
        assert purchases.net_total == sum(rows.nets)
        assert all(earlier <= later for earlier, later in pairwise(rows.ats))
        assert set(rows.details) <= set(rows.ids)
