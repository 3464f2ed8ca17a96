"""Signals: sequences of events, and what must not follow, at their very instants."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cases.intake import Intake, Result, both, by_backtest, by_stream, event

CART = """
name = "signals"
[[signals]]
key = "cart"
name = "Cart abandoned"
per = "cart_id"
while = "stage != 'loyal'"
[[signals.steps]]
event = "Product Added"
where = "price >= 10"
[signals.unless]
events = ["Order Completed", "Cart Emptied"]
within_hours = 4
"""
VIEWS = """
name = "signals"
[[signals]]
key = "views"
name = "Viewed and not bought"
per = "category"
[[signals.steps]]
event = "Product Viewed"
times = 3
within_days = 1
[signals.unless]
events = ["Order Completed"]
within_days = 2
"""
COMPARED = """
name = "signals"
[[signals]]
key = "compared"
name = "Searched, compared, not paid"
[[signals.steps]]
event = "Products Searched"
[[signals.steps]]
event = "Products Compared"
within_days = 1
[signals.unless]
events = ["Order Completed"]
within_days = 1
"""
FAILED = """
name = "signals"
[[signals]]
key = "failed"
name = "Payment failed twice"
[[signals.steps]]
event = "Payment Failed"
times = 2
within_hours = 1
"""
START = datetime(2026, 1, 5, tzinfo=UTC)


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(hours: float, name: str, **properties: Any) -> bytes:
    return event(name, "c", at(hours), f"{name}{hours}", **properties)


def until(hours: float) -> int:
    return int((START + timedelta(hours=hours)).timestamp() * 1000)


def told(result: Result) -> list[tuple[str | None, str]]:
    signals = [it for it in result.transitions.get("c", []) if it["event"] == "Signal Occurred"]
    return [(it["properties"]["occasion"], it["timestamp"]) for it in signals]


@both
def test_a_cart_is_told_once_four_hours_after_it_was_touched_last(intake: Intake) -> None:
    lines = [line(it, "Product Added", cart_id="a", price=20) for it in (0, 3)]
    result = intake([*lines, line(1, "product added", cart_id=7, price=9.99)], CART, until(100))
    assert told(result) == [("a", at(7))]
    (signal,) = result.transitions["c"]
    assert signal["properties"]["step_times"] == [at(3)]
    assert signal["properties"]["why"].startswith(
        f"Product Added at {at(3)}; no Order Completed, Cart Emptied (within_"
    )


@both
def test_what_comes_in_time_ends_its_own_occasion_and_without_a_value_all_of_them(intake: Intake) -> None:
    added = [line(0 + it / 10, "Product Added", cart_id=f"c{it}", price=20) for it in range(3)]
    assert told(intake([*added, line(3, "cart_emptied", cart_id="c1")], CART, until(9))) == [
        ("c0", at(4)),
        ("c2", at(4.2)),
    ]
    assert told(intake([*added, line(3, "Order Completed", order_id="o", total=5)], CART, until(9))) == []
    late = intake([*added, line(4.1, "Order Completed", order_id="o", total=5)], CART, until(9))
    assert told(late) == [("c0", at(4)), ("c1", at(4.1))]


@both
def test_three_of_one_category_within_a_day(intake: Intake) -> None:
    tea = [line(it, "Product Viewed", category="Tea") for it in (0, 10, 24, 26)]
    soap = [line(it, "Product Viewed", category="Soap") for it in (1, 2)]
    assert told(intake([*tea, *soap], VIEWS, until(200))) == [("Tea", at(74))]


@both
def test_steps_come_in_order_and_in_time(intake: Intake) -> None:
    searched, compared = line(0, "Products Searched"), line(23.9, "Products Compared")
    assert told(intake([searched, compared], COMPARED, until(90))) == [(None, at(47.9))]
    assert told(intake([searched, line(24, "Products Compared")], COMPARED, until(90))) == []
    assert told(intake([line(0, "Products Compared"), line(1, "Products Searched")], COMPARED, until(90))) == []
    paid = line(30, "Order Completed", order_id="o", total=5)
    assert told(intake([searched, compared, paid], COMPARED, until(90))) == []


def test_a_signal_is_not_told_again_for_the_time_of_a_step_alone() -> None:
    policy = COMPARED.partition("[signals.unless]")[0]
    late = line(2, "Products Searched")
    lines = [line(1, "Products Searched"), line(2.5, "Products Compared"), late]
    then, in_order = (it(lines, policy, until(9)).transitions["c"] for it in (by_stream, by_backtest))
    assert [it["properties"]["step_times"] for it in (*then, *in_order)] == [[at(1), at(2.5)], [at(2), at(2.5)]]
    assert [it["messageId"] for it in then] == [it["messageId"] for it in in_order]


@both
def test_a_sequence_without_unless_occurs_at_its_last_event(intake: Intake) -> None:
    lines = [line(it, "Payment Failed") for it in (0, 1, 1.5, 1.6, 3, 3.2)]
    assert told(intake(lines, FAILED, until(9))) == [(None, at(1.5)), (None, at(3.2))]


@both
def test_at_most_a_hundred_occasions_are_open(intake: Intake) -> None:
    lines = [line(it / 100, "Product Added", cart_id=f"{it:03}", price=20) for it in range(102)]
    result = intake(lines, CART, until(9))
    assert [it for it, _ in told(result)] == [f"{it:03}" for it in range(2, 102)]
    assert result.bounds == {"signal_occasions": 2}


@both
def test_an_event_has_the_name_that_a_measure_or_a_condition_gives_it_before_a_signal_does(intake: Intake) -> None:
    measure = "[[measures]]\nname = 'm'\nvalue = 'count(\"payment failed\")'\nprofile = true\n"
    asked = FAILED.replace("[[signals.steps]]", "while = 'count(\"PAYMENT FAILED\") >= 2'\n[[signals.steps]]")
    lines = [line(it, "Payment Failed") for it in (0, 0.5)]
    for policy, name in ((FAILED + measure, "payment failed"), (asked, "PAYMENT FAILED")):
        (signal,) = intake(lines, policy, until(9)).transitions["c"]
        assert signal["properties"]["why"].startswith(f"2 x {name} at {at(0.5)}")
