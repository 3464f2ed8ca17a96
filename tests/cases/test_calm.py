"""Two values that move in step: neither ever overtakes the other, whoever looks and however often."""

import pytest

from tests.cases.intake import Intake, both, event

DAY = 86_400_000
POLICY = """
name = "calm"
[[segments]]
key = "s"
name = "S"
enter = "{}"
"""
OTHERS = """
[[segments]]
key = "{0}"
name = "{0}"
enter = "days_since_visit > {1}"
"""
IN_STEP = [
    "0.9 * days_since_order > 0.9 * days_since_visit + 0.9",
    "0.9 * days_since_order < 0.9 * days_since_visit + 0.9",
    "days_since_order - days_since_visit > 1",
    "days_since_order - days_since_visit - 1 < 0",
    "days_since_order * 7.7 - 7.7 > days_since_visit * 7.7",
    "(days_since_order - 1) / 3 > days_since_visit / 3",
    "days_since_order / 0.3 != days_since_visit / 0.3 + 1 / 0.3",
    "0.1 * days_since_order > 0.1 * days_known",
]
LINES = [
    event("Order Completed", "u", "2024-01-05T10:00:00Z", "a", order_id="o", total=10),
    event("Product Viewed", "u", "2024-01-06T10:00:00Z", "b"),
]


@both
@pytest.mark.parametrize("condition", IN_STEP)
def test_a_customer_for_whom_both_sides_stay_equal_never_joins(intake: Intake, condition: str) -> None:
    others = "".join(OTHERS.format(f"x{number}", number / 7) for number in range(8))
    for policy in (POLICY.format(condition), POLICY.format(condition) + others):
        result = intake(LINES, policy, until=1_704_621_600_000 + 400 * DAY)
        keys = [it["properties"].get("audience_key") for it in result.transitions["u"]]
        assert "s" not in keys


@both
def test_what_truly_overtakes_does_so_once(intake: Intake) -> None:
    policy = POLICY.format("0.9 * days_since_order > 1.1 * days_since_visit + 0.5")
    result = intake(LINES, policy, until=1_704_621_600_000 + 400 * DAY)
    changes = [it for it in result.transitions["u"] if it["properties"].get("audience_key") == "s"]
    moved = [(it["properties"]["to"], it["timestamp"]) for it in changes]
    assert moved == [("in", "2024-01-06T10:00:00.000Z"), ("out", "2024-01-08T10:00:00.000Z")]
