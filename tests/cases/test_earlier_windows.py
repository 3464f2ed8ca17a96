"""Windows that end earlier: what lies in the days before the last so many, for trends and seasons."""

import pytest

from tests.cases.days import at, midnight, ms
from tests.cases.intake import Intake, both, event
from tests.cases.segments import memberships, policy, refusal


def sent(day: float, name: str = "App Opened", **properties: object) -> bytes:
    return event(name, "c", at(day), f"{name}{day}{properties}", **properties)


@both
@pytest.mark.parametrize(("days", "before"), [(1, 1), (30, 30), (14, 351), (400, 400), (1, 799)])
def test_what_leaves_the_last_days_enters_the_window_before_them_and_leaves_it_in_turn(
    intake: Intake, days: int, before: int
) -> None:
    asked = policy(f'count("App Opened", {days}, before = {before}) >= 1')
    result = intake([sent(0)], asked, ms(900))
    assert memberships(result) == [("Entered", midnight(before)), ("Exited", midnight(before + days))]


@both
def test_a_trend_compares_the_last_days_with_those_before(intake: Intake) -> None:
    asked = policy('count("App Opened", 7) < 0.5 * count("App Opened", 7, before = 7)')
    result = intake([sent(day) for day in (0, 1, 2, 9)], asked, ms(40))
    # The week's last opening leaves it on day 9, and comes again at noon; three of the week before last are twice that.
    assert memberships(result) == [
        ("Entered", midnight(9)),
        ("Exited", midnight(14)),
        ("Entered", midnight(16)),
        ("Exited", midnight(23)),
    ]


@both
def test_orders_of_the_same_weeks_last_year_count_as_long_as_they_stand(intake: Intake) -> None:
    asked = policy('count("Order Completed", 21, before = 354) >= 1', head="[orders]\nundo_days = 500\n")
    orders = [sent(0, "Order Completed", order_id="a", total=5), sent(2, "Order Completed", order_id="b", total=5)]
    assert memberships(intake(orders, asked, ms(500))) == [("Entered", midnight(354)), ("Exited", midnight(377))]
    cancelled = [*orders, sent(100, "Order Cancelled", order_id="a")]
    assert memberships(intake(cancelled, asked, ms(500))) == [("Entered", midnight(356)), ("Exited", midnight(377))]
    late = [*orders, sent(360, "Order Cancelled", order_id="a"), sent(361, "Order Cancelled", order_id="b")]
    assert memberships(intake(late, asked, ms(500))) == [("Entered", midnight(354)), ("Exited", at(361))]


@both
def test_sums_and_means_of_an_earlier_window_become_known_and_missing_at_midnights(intake: Intake) -> None:
    bought = [
        sent(0, "Order Completed", order_id="a", total=5, channel="app"),
        sent(1, "Order Completed", order_id="b", total=10, channel="web"),
    ]
    known = policy('mean("Order Completed", total, 3, before = 5, where = channel == "app") is known')
    assert memberships(intake(bought, known, ms(40))) == [("Entered", midnight(5)), ("Exited", midnight(8))]
    rising = policy('mean("Order Completed", total, 3, before = 5) > 7')
    assert memberships(intake(bought, rising, ms(40))) == [("Entered", midnight(6)), ("Exited", midnight(9))]
    added = policy('sum("Order Completed", total, 3, before = 5) >= 15')
    assert memberships(intake(bought, added, ms(40))) == [("Entered", midnight(6)), ("Exited", midnight(8))]
    missing = policy('mean("Order Completed", total, 3, before = 5) is not known and orders >= 2')
    assert memberships(intake(bought, missing, ms(40))) == [
        ("Entered", at(1)),
        ("Exited", midnight(5)),
        ("Entered", midnight(9)),
    ]


@both
def test_the_midnights_are_those_of_the_policys_zone(intake: Intake) -> None:
    asked = policy('count("App Opened", 2, before = 80) >= 1', head='[time]\nzone = "Europe/Berlin"\n')
    # Eighty days on the clocks show summer time.
    assert memberships(intake([sent(0)], asked, ms(200))) == [
        ("Entered", "2024-03-29T23:00:00.000Z"),
        ("Exited", "2024-03-31T22:00:00.000Z"),
    ]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('count("A", before = 30) > 1', "`before` is given, and no window. write the days of the window too"),
        ('count("Order Completed", before = 30) > 1', "`before` is given, and no window"),
        ('count("A", 30, before = 0) > 1', "0 days are no `before`. a `before` has 1 to 799 days"),
        ('count("A", 400, before = 401) > 1', "begins 801 days back. the two are together at most 800"),
        ('sum("A", points, 30, 30) > 1', "`sum` takes 3 without a name"),
        ('latest("A", points, before = 30) > 1', "`latest` has no argument `before`"),
    ],
)
def test_a_wrong_window_is_told_with_the_mend(condition: str, told: str) -> None:
    assert told in refusal(condition)
