"""Windows: a condition may ask for any whole number of days from 1 to 400, and what it asks for is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cases.intake import Intake, both, event
from tests.cases.segments import memberships, policy, refusal

FIRST = datetime(2024, 1, 10, 12, tzinfo=UTC)


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def order(number: int, total: float = 10) -> bytes:
    return event("Order Completed", "c", day(number), f"m{number}", order_id=f"o{number}", total=total)


@both
@pytest.mark.parametrize("days", [1, 2, 45, 60, 366, 400])
def test_what_is_in_a_window_leaves_it_at_the_midnight_after_its_last_day(intake: Intake, days: int) -> None:
    result = intake([order(0)], policy(f"orders_{days}d >= 1"), ms(FIRST + timedelta(days=500)))
    (_, joined), (_, left) = memberships(result)
    assert joined == "2024-01-10T12:00:00.000Z"
    midnight = FIRST.replace(hour=0) + timedelta(days=days)
    assert left == midnight.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@both
def test_events_beyond_a_year_are_kept_for_a_window_that_reaches_them(intake: Intake) -> None:
    seen = [event("Product Viewed", "c", day(number), f"v{number}") for number in (0, 10, 390)]
    told = [
        event("Support Ticket Created", "c", day(1), "t1", ticket_id="t"),
        event("Support Ticket Solved", "c", day(391), "t2", ticket_id="t"),
    ]
    lines = [seen[0], told[0], seen[1], seen[2], told[1]]
    asked = policy("views_400d >= 3 and views_385d == 2 and tickets_opened_400d == 1 and tickets_solved_1d == 1")
    assert [name for name, _ in memberships(intake(lines, asked))] == ["Entered"]


@both
def test_a_profile_has_the_windows_that_a_condition_asks_for(intake: Intake) -> None:
    result = intake([order(0, 20), order(50, 5)], policy("revenue_45d > 100"))
    assert result.figure("c", "revenue_45d") == 5
    assert result.figure("c", "revenue_90d") == 25


@both
def test_scores_may_be_of_any_window(intake: Intake) -> None:
    result = intake([order(number) for number in (0, 20, 40)], policy("orders >= 1", head="[rfm]\nwindow_days = 21\n"))
    assert result.figure("c", "frequency_score") == 2


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("orders_401d", "a window has 1 to 400 days"),
        ("orders_4000000d", "a window has 1 to 400 days"),
        ("orders_030d", "write `orders_30d`"),
        ("order_60d", "did you mean"),
        ("stage_7d", "did you mean"),
    ],
)
def test_what_is_no_window_is_refused_with_the_mend(name: str, fix: str) -> None:
    assert fix in refusal(f"{name} >= 1")
