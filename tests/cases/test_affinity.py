"""Affinity: the share that fell to a category, brand, product, channel or store, and the one to which most did."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cases.intake import Intake, both, event
from tests.cases.segments import memberships, policy, refusal

FIRST = datetime(2025, 1, 10, 12, tzinfo=UTC)


def day(number: float) -> str:
    return (FIRST + timedelta(days=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def midnight(number: int) -> str:
    return f"{day(number)[:10]}T00:00:00.000Z"


def ms(number: float) -> int:
    return int((FIRST + timedelta(days=number)).timestamp() * 1000)


def sent(name: str, number: float, **properties: Any) -> bytes:
    return event(name, "c", day(number), f"{name}{number}", **properties)


def order(number: float, *lines: tuple[Any, ...], name: str = "Order Completed", **more: Any) -> bytes:
    """An order of lines (category, price, quantity); a price that is None is left out."""
    keys = ("category", "price", "quantity")
    products = [{key: it for key, it in zip(keys, line, strict=False) if it is not None} for line in lines]
    return sent(name, number, **{"order_id": f"o{number}", "total": 100, "products": products, **more})


def view(number: float, category: str, **more: Any) -> bytes:
    return sent("Product Viewed", number, category=category, **more)


def figures(intake: Intake, lines: Iterable[bytes], *asked: str, until: float = 200, head: str = "") -> list[Any]:
    """The values at an instant."""
    result = intake([*lines], policy(*(f"{it} is known" for it in asked), head=head), ms(until))
    return [result.figure("c", it) for it in asked]


GROCERY = 'share("category", "Grocery", revenue, 90)'
ORDERS = 'share("category", "Grocery", orders, 90)'


@both
def test_a_share_of_revenue_is_that_of_the_lines(intake: Intake) -> None:
    lines = [order(0, ("Grocery", 10, 3), ("Meat", 20)), order(1, ("Meat", 50))]
    assert figures(intake, lines, GROCERY, ORDERS, until=2) == [0.3, 0.5]


@both
def test_it_rises_and_falls_by_time_alone(intake: Intake) -> None:
    lines = [order(0, ("Meat", 80)), order(10, ("Grocery", 50)), order(20, ("Meat", 50))]
    result = intake(lines, policy(f"{GROCERY} >= 0.4"), ms(300))
    assert memberships(result) == [("Entered", midnight(90)), ("Exited", midnight(100))]


@both
def test_an_undone_order_leaves_no_trace_and_a_refund_in_part_changes_nothing(intake: Intake) -> None:
    bought = [order(0, ("Grocery", 30)), order(1, ("Meat", 70))]
    part = sent("Order Refunded", 2, order_id="o1", total=60)
    rest = sent("Order Refunded", 3, order_id="o1", total=40)
    assert figures(intake, [*bought, part], GROCERY, 'top("category", revenue, 90)', until=4) == [0.3, "Meat"]
    assert figures(intake, [*bought, part, rest], GROCERY, 'top("category", revenue, 90)', until=4) == [1, "Grocery"]


@both
def test_an_update_says_anew_what_an_order_is(intake: Intake) -> None:
    lines = [order(0, ("Grocery", 30)), order(0.5, ("Meat", 30), ("Tea", 10), name="Order Updated", order_id="o0")]
    assert figures(intake, lines, GROCERY, 'top("category", orders, 30)', until=1) == [0, "Meat"]


@both
def test_an_order_of_one_value_without_prices_gives_its_amount(intake: Intake) -> None:
    lines = [order(0, ("Grocery",), ("Grocery",), total=40), order(1, ("Meat",), ("Grocery",)), order(2, ("Meat", 60))]
    assert figures(intake, lines, GROCERY, ORDERS, until=3) == [0.4, 0.6667]


@both
def test_lines_that_are_returns_and_what_has_no_value_count_on_no_side(intake: Intake) -> None:
    lines = [order(0, ("Grocery", 10), ("Meat", -5), (None, 90), (" ", 7), ("Meat", 30, -1), ("Tea", 30))]
    assert figures(intake, [*lines, order(1, (None, 5))], GROCERY, ORDERS, until=2) == [0.25, 1]


@both
def test_what_no_line_can_cost_gives_nothing_and_is_told(intake: Intake) -> None:
    lines = [order(0, ("Grocery", 10), ("Meat", "free"), ("Meat", 10**7), ("Tea", "30", "1"))]
    result = intake(lines, policy(f"{GROCERY} is known"), ms(1))
    assert result.figure("c", GROCERY) == 0.25
    assert result.bounds == {"properties": 1}


@both
def test_amounts_are_converted(intake: Intake) -> None:
    lines = [order(0, ("Grocery", 10), currency="EUR"), order(1, ("Meat", 20))]
    head = "[money]\ncurrency = 'USD'\nrates = { EUR = 2 }\n"
    assert figures(intake, lines, GROCERY, until=2, head=head) == [0.5]


@both
def test_views_fall_to_what_was_viewed(intake: Intake) -> None:
    lists = sent("Product List Viewed", 2, products=[{"category": "Tea"}, {"category": "Tea"}, {"category": "Coffee"}])
    lines = [view(0, "Tea"), view(1, "Grocery", channel="app"), lists, sent("Product Added", 3, category="Grocery")]
    asked = ('share("category", "Tea", views, 30)', 'top("category", views, 30)', 'share("channel", "app", views, 30)')
    assert figures(intake, [*lines, view(3, "")], *asked, until=4) == [0.6667, "Tea", 1]
    assert figures(intake, lines, 'top("category", views, 2)', until=3.4) == ["Coffee"]
    assert figures(intake, lines, 'top("category", views, 2)', until=9) == [None]


@both
def test_the_favourite_changes_as_its_days_leave_the_window(intake: Intake) -> None:
    lines = [view(0, "Tea"), view(0.1, "Tea"), view(5, "Grocery"), view(9, "Tea")]
    result = intake(lines, policy('top("category", views, 30) == "Grocery"'), ms(60))
    assert memberships(result) == [("Entered", midnight(30)), ("Exited", midnight(35))]
    why = [it["properties"]["why"] for it in result.transitions["c"] if "audience_key" in it["properties"]]
    assert why[0] == 'top("category", views, 30) "Grocery" == "Grocery"'


@both
def test_of_equals_the_first_is_the_favourite(intake: Intake) -> None:
    assert figures(intake, [view(0, "b"), view(1, "a"), view(2, "B")], 'top("category", views, 30)', until=3) == ["B"]


@both
def test_by_brand_product_channel_and_store(intake: Intake) -> None:
    products = [{"brand": "Acme", "product_id": 7, "price": 30}, {"brand": "Bolt", "product_id": "p", "price": 10}]
    one = sent("Order Completed", 0, order_id="1", total=40, products=products, channel="app", affiliation="s1")
    two = sent("Order Completed", 1, order_id="2", total=60, channel="web")
    asked = (
        'share("brand", "Acme", revenue, 30)',
        'top("product", revenue, 30)',
        'share("channel", "app", revenue, 30)',
        'top("channel", orders, 30)',
        'top("store", revenue, 30)',
        'top_share("channel", revenue, 30)',
    )
    assert figures(intake, [one, two], *asked, until=2) == [0.75, "7", 0.4, "app", "s1", 0.6]


@both
def test_the_values_that_have_not_come_for_the_longest_time_make_room(intake: Intake) -> None:
    seen = [view(0, "first"), view(0.001, "first"), view(0.002, "first"), view(1, "x"), view(1.001, "x")]
    many = [view(2 + number / 1000, f"v{number:03}") for number in range(127)]
    asked = ('top("category", views, 30)', 'share("category", "first", views, 30)', 'top_share("category", views, 30)')
    assert figures(intake, [*seen, *many[:126]], *asked, until=3) == ["first", 0.0229, 0.0229]
    result = intake([*seen, *many], policy(*(f"{it} is known" for it in asked)), ms(3))
    assert [result.figure("c", it) for it in asked] == ["x", 0.0227, 0.0152]
    assert result.bounds == {"values": 1}


@both
def test_an_event_that_comes_late_and_twice_makes_no_difference(intake: Intake) -> None:
    lines = [view(0.02, "b"), view(0.02, "b"), order(0.01, ("b", 5)), order(0, ("a", 15)), view(0.005, "a")]
    asked = ('top("category", views, 30)', 'top("category", revenue, 30)', 'share("category", "b", revenue, 30)')
    assert figures(intake, lines, *asked, until=1) == ["a", "a", 0.25]


@both
def test_the_return_rate_is_that_of_the_orders_placed_and_not_cancelled(intake: Intake) -> None:
    lines = [order(number, ("Tea", 100)) for number in range(4)]
    part = sent("Order Refunded", 5, order_id="o0", total=1)
    whole = [sent("Order Refunded", 6 + number, order_id="o1") for number in range(2)]
    nothing = sent("Order Refunded", 7, order_id="o2", total=0)
    cancelled = sent("Order Cancelled", 8, order_id="o3")
    asked = ("return_rate(30)", "return_rate(8)")
    assert figures(intake, lines, *asked, until=9) == [0, 0]
    assert figures(intake, [*lines, part, *whole, nothing], *asked, until=9) == [0.5, 0]
    assert figures(intake, [*lines, part, *whole, nothing, cancelled], *asked, until=9) == [0.6667, 0]
    result = intake([*lines, part], policy("return_rate(30) >= 0.25"), ms(60))
    assert memberships(result) == [("Entered", day(5)), ("Exited", midnight(30))]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('share("categories", "A", views, 30) > 0', 'there is no dimension "categories". did you mean "category"?'),
        ("share(category, 'A', views, 30) > 0", '`dimension` is a text in quotation marks. write "category"'),
        ('share("category", "A", "views", 30) > 0', "`weight` is a word, without quotation marks. write one of views"),
        ('share("category", "A", clicks, 30) > 0', "`weight` is a word, without quotation marks. write one of views, "),
        ('share("category", "A", revenue) > 0', "`days` is missing. write it as in `share("),
        ('share("category", "", revenue, 30) > 0', "`value` is empty"),
        ('top("brand", orders, 401) == "Acme"', "401 days are no window. a window has 1 to 400 days"),
        ('top("brand", orders, 40) > 3', "text"),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_mend(condition: str, told: str) -> None:
    assert told.lower() in refusal(condition).lower()
