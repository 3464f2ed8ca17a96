"""Windows in hours: what happened in the last hours, by slots, until it leaves them by time alone."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from tests.cases.days import at
from tests.cases.intake import Intake, both, event
from tests.cases.segments import memberships, policy, refusal

HOUR = 1 / 24
MINUTE = HOUR / 60


def viewed(day: float, category: str = "Shoes", price: float = 10) -> bytes:
    return event("Product Viewed", "c", at(day), f"v{day}", category=category, price=price)


def order(day: float, number: str, total: float = 100) -> bytes:
    return event("Order Completed", "c", at(day), number, order_id=number, total=total, currency="USD")


@both
def test_an_event_leaves_with_its_slot(intake: Intake) -> None:
    asked = policy('count("Product Viewed", hours = 6) >= 2')
    lines = [viewed(0), viewed(2 * MINUTE), viewed(3 * HOUR), viewed(1)]
    # The first two share a slot, from noon to five past; it leaves when the slot of five to six begins its last hour.
    assert memberships(intake(lines, asked)) == [("Entered", at(2 * MINUTE)), ("Exited", at(6 * HOUR))]
    lines = [viewed(4.5 * MINUTE), viewed(9 * MINUTE), viewed(1)]
    assert memberships(intake(lines, asked)) == [("Entered", at(9 * MINUTE)), ("Exited", at(6 * HOUR))]


@both
def test_the_resolution_is_the_policys(intake: Intake) -> None:
    lines = [viewed(4.5 * MINUTE), viewed(1)]
    left = {}
    for minutes in (1, 5, 60):
        asked = policy('count("Product Viewed", hours = 1) >= 1', head=f"[time]\nresolution_minutes = {minutes}\n")
        left[minutes] = [when for way, when in memberships(intake(lines, asked)) if way == "Exited"]
    assert left == {1: [at(64 * MINUTE)], 5: [at(60 * MINUTE)], 60: [at(60 * MINUTE)]}


@both
def test_each_function_has_them(intake: Intake) -> None:
    asked = policy(
        'sum("Product Viewed", price, hours = 2) >= 50',
        'mean("Product Viewed", price, hours = 2) > 20',
        'min("Product Viewed", price, hours = 2) < 15',
        'max("Product Viewed", price, hours = 2) == 40',
        'distinct("Product Viewed", category, hours = 2) >= 2',
        'count("Product Viewed", hours = 2, where = category == "Tea") >= 1',
    )
    result = intake([viewed(0, price=10), viewed(HOUR, "Tea", 40), viewed(1)], asked)
    first, second = ("Exited", at(2 * HOUR)), ("Exited", at(3 * HOUR))
    assert [memberships(result, f"s{number}")[:2] for number in range(6)] == [
        [("Entered", at(HOUR)), first],
        [("Entered", at(HOUR)), second],
        [("Entered", at(0)), first],
        [("Entered", at(HOUR)), second],
        [("Entered", at(HOUR)), first],
        [("Entered", at(HOUR)), second],
    ]


@both
def test_orders_that_are_undone_leave_no_trace(intake: Intake) -> None:
    asked = policy('count("Order Completed", hours = 48) >= 2', 'sum("Order Completed", total, hours = 48) > 150')
    cancelled = event("Order Cancelled", "c", at(0.5), "x", order_id="b")
    lines = [order(0, "a"), order(0.25, "b"), cancelled, order(1.75, "d"), viewed(3)]
    told = [("Entered", at(0.25)), ("Exited", at(0.5)), ("Entered", at(1.75)), ("Exited", at(2))]
    result = intake(lines, asked)
    assert [memberships(result, key) for key in ("s0", "s1")] == [told, told]


@both
def test_an_update_counts_in_the_place_of_its_order(intake: Intake) -> None:
    asked = policy('max("Order Completed", total, hours = 24) >= 100')
    update = event("Order Updated", "c", at(0.5), "u", order_id="a", total=200, currency="USD")
    lines = [order(0, "a", total=50), update, viewed(3)]
    assert memberships(intake(lines, asked)) == [("Entered", at(0.5)), ("Exited", at(1))]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ('count("A", hours = 73)', "73 hours are no window. write 1 to 72 hours, or a window in days"),
        ('count("A", hours = 0)', "0 hours are no window"),
        ('count("A", hours = 1.5)', "`hours` is a whole number of hours. write one from 1 to 72, as in `hours = 6`"),
        ('count("A", hours = "6")', "`hours` is a whole number of hours. write 6, without quotation marks"),
        ('count("A", "6 hours")', "`days` is a whole number of days. write `hours = 6`"),
        ('count("A", 3, hours = 6)', "`hours` is given, and `days` too. write one window"),
        ('count("A", before = 3, hours = 6)', "`hours` is given, and `before` too"),
        ('count("A", hour = 6)', "`count` has no argument `hour`. did you mean `hours`?"),
        ('latest("A", score, hours = 6)', "`latest` has no argument `hours`"),
    ],
)
def test_what_is_wrong_is_told(call: str, words: str) -> None:
    assert words in refusal(f"{call} > 1")


def test_the_resolution_divides_an_hour_and_counts_in_the_version() -> None:
    told = refusal("orders > 1", head="[time]\nresolution_minutes = 7\n")
    assert "7 minutes do not divide an hour. write 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60" in told
    plain = read_policy('name = "p"', catalogue).version
    assert read_policy('name = "p"\n[time]\nresolution_minutes = 5', catalogue).version == plain
    assert read_policy('name = "p"\n[time]\nresolution_minutes = 10', catalogue).version != plain
