"""Near-daily buyers under p_alive: some time lies between being at risk and being churned."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cases.intake import Intake, both, event

POLICY = """
name = "bgnbd"
[lifecycle.patience]
method = "p_alive"
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
limit = 0.5
churn_limit = 0.1
max_days = 3650
"""


def buys(days: int, gap: float, hours: int = 0) -> list[bytes]:
    start = datetime(2024, 1, 1, 9, tzinfo=UTC)
    return [
        event(
            "Order Completed", "daily", (start + timedelta(days=gap * n)).isoformat(), f"d{n}", order_id=f"{n}", total=8
        )
        for n in range(days)
    ]


@both
@pytest.mark.parametrize(("orders", "gap"), [(366, 1), (200, 1.5), (120, 1), (400, 0.5)])
@pytest.mark.parametrize(("key", "between"), [("", 7), ("min_at_risk_days = 3.5\n", 3.5)])
def test_they_are_at_risk_for_some_days(intake: Intake, orders: int, gap: float, key: str, between: float) -> None:
    result = intake(buys(orders, gap), POLICY + key, until=1_767_225_600_000)
    at_risk, churned = (
        datetime.fromisoformat(at) for name, at in result.stages("daily") if name in ("at_risk", "churned")
    )
    last = datetime(2024, 1, 1, 9, tzinfo=UTC) + timedelta(days=gap * (orders - 1))
    assert at_risk - last == timedelta(days=14)
    assert churned - at_risk == timedelta(days=between)


@both
def test_the_churn_says_so(intake: Intake) -> None:
    result = intake(buys(366, 1), POLICY, until=1_767_225_600_000)
    why = [
        it["properties"]["why"] for it in result.transitions["daily"] if it["properties"].get("transition") == "churned"
    ]
    assert len(why) == 1
    assert why[0].startswith("days_since_order 21 >= 21 (14 + min_at_risk_days 7 = 21 >= 14, min_days 14 >= ")
    assert why[0].endswith(", p_alive falls to churn_limit 0.1)")
