"""Days that a zone skips or repeats, and bulk imports of one instant: right, and staying so."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cases.intake import Intake, both, by_backtest, event

POLICY = """
name = "days"
[time]
zone = "{}"
[[segments]]
key = "week"
name = "Ordered this week"
enter = "orders_7d >= 1"
"""


def orders(customer: str, first: datetime, count: int, step: timedelta) -> list[bytes]:
    return [
        event("Order Completed", customer, (first + n * step).isoformat(), f"{n}", order_id=f"{n}", total=10)
        for n in range(count)
    ]


@both
def test_a_day_that_does_not_exist_is_counted_all_the_same(intake: Intake) -> None:
    # Apia went from 29 to 31 December 2011.
    lines = orders("apia", datetime(2011, 12, 25, 9, tzinfo=UTC), 8, timedelta(days=1))
    last = datetime(2012, 1, 1, 9, tzinfo=UTC)
    result = intake(lines, POLICY.format("Pacific/Apia"), until=int(last.timestamp() * 1000))
    # The window of 7 days at 1 January holds that day, empty, and so goes back to 26 December: 27 to 29, 31 December,
    # and 1 January have an order each (09:00 UTC is 23:00 of the day before in Apia, until the skip).
    assert result.figure("apia", "orders") == 8
    assert result.figure("apia", "orders_7d") == 6


@both
@pytest.mark.parametrize(
    ("zone", "order", "left"),
    [
        ("Pacific/Apia", "2011-12-28T09:00:00Z", "2012-01-02T10:00:00.000Z"),
        ("Pacific/Kwajalein", "1993-08-19T20:00:00Z", "1993-08-25T12:00:00.000Z"),
        ("America/Sao_Paulo", "2018-10-28T12:00:00Z", "2018-11-04T03:00:00.000Z"),
        ("Africa/Cairo", "2024-04-19T12:00:00Z", "2024-04-25T22:00:00.000Z"),
        ("America/Havana", "2024-10-27T12:00:00Z", "2024-11-03T04:00:00.000Z"),
        ("America/St_Johns", "2010-10-31T12:00:00Z", "2010-11-07T02:30:00.000Z"),
        ("Asia/Beirut", "2024-10-20T12:00:00Z", "2024-10-26T22:00:00.000Z"),
    ],
)
def test_a_window_ends_at_the_first_instant_of_a_day(intake: Intake, zone: str, order: str, left: str) -> None:
    line = event("Order Completed", "u", order, "m", order_id="o", total=10)
    result = intake([line], POLICY.format(zone), until=2_000_000_000_000)
    changes = [it for it in result.transitions["u"] if it["properties"].get("audience_key") == "week"]
    assert [(it["properties"]["to"], it["timestamp"]) for it in changes][1:] == [("out", left)]


@both
@pytest.mark.parametrize("count", [200, 1])
def test_orders_of_one_instant_are_one_customer_and_all_counted(intake: Intake, count: int) -> None:
    lines = orders("bulk", datetime(2025, 1, 1, 8, tzinfo=UTC), count, timedelta(0))
    result = intake(lines)
    assert result.rejects == [] and result.duplicates == 0
    assert result.figure("bulk", "orders") == count
    assert result.figure("bulk", "revenue") == 10 * count


def test_a_thousand_orders_of_one_instant_are_all_counted() -> None:
    result = by_backtest(orders("bulk", datetime(2025, 1, 1, 8, tzinfo=UTC), 1000, timedelta(0)))
    assert result.rejects == [] and result.figure("bulk", "orders_7d") == 1000
