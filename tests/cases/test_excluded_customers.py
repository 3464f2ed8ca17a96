"""Customers that the policy leaves out: one place, and nothing is decided of them."""

import json

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from tests.cases.intake import Intake, both, event

POLICY = """
name = "left_out"
[customers]
excluded = "kind == 'internal' or traits.test_account"
[lifecycle.loyal]
enter = "orders >= 2"
min_stay_days = 300
[[segments]]
key = "buyers"
name = "Buyers"
enter = "orders >= 1"
min_stay_days = 300
[[segments]]
key = "silent"
name = "Silent"
enter = "days_since_order > 5"
"""


def order(day: int) -> bytes:
    return event(
        "Order Completed", "u", f"2025-01-{day:02}T00:00:00Z", f"o{day}", order_id=f"o{day}", total=10, currency="USD"
    )


def identify(day: int, **traits: object) -> bytes:
    value = {"type": "identify", "userId": "u", "timestamp": f"2025-01-{day:02}T00:00:00Z", "traits": traits}
    return json.dumps({**value, "messageId": f"i{day}"}).encode()


def steps(intake: Intake, *lines: bytes, policy: str = POLICY) -> list[tuple[str, str, str]]:
    published = intake(list(lines), policy).transitions.get("u", [])
    return [
        (
            it["timestamp"][8:10],
            it["properties"].get("transition") or it["properties"]["audience_key"],
            it["properties"]["why"],
        )
        for it in published
    ]


@both
def test_who_is_left_out_leaves_everything_and_comes_back_as_decided_anew(intake: Intake) -> None:
    found = steps(intake, order(1), identify(2, kind="internal"), order(9), identify(20, kind="consumer"), order(24))
    assert found == [
        ("01", "acquired", "occasions 1 >= 1"),
        ("01", "buyers", "orders 1 >= 1"),
        ("02", "excluded", "kind \"internal\" == 'internal'"),
        ("02", "buyers", "kind \"internal\" == 'internal'"),
        (
            "20",
            "included",
            "kind \"consumer\" != 'internal'; not traits.test_account; occasions 2 >= 2; orders 2 >= 2",
        ),
        ("20", "buyers", "orders 2 >= 1"),
        ("20", "silent", "days_since_order 11 > 5"),
        ("24", "silent", "days_since_order 0 <= 5"),
    ]


@both
def test_time_changes_nothing_for_who_is_left_out(intake: Intake) -> None:
    lines = [identify(1, test_account=True), order(2)]
    assert steps(intake, *lines, order(28)) == [("01", "excluded", "traits.test_account")]


@pytest.mark.parametrize(
    "condition",
    ["orders >= 1", "stage == 'new'", "count('App Opened') > 1", "age(traits.born_on) >= 18", "days_known > 3"],
)
def test_only_traits_leave_out(condition: str) -> None:
    text = f'name = "x"\n[traits]\nborn_on = "date"\n[customers]\nexcluded = """\n  traits.x\n  or {condition}"""'
    with pytest.raises(PolicyError) as error:
        read_policy(text, catalogue)
    (told,) = error.value.problems
    name = condition.rpartition(" ")[0].rpartition(" ")[0].replace("'", '"')
    assert told.line == 7
    assert told.message.startswith(f"in `excluded`, column 6: `{name}` ")
    assert told.message.endswith(" more than what traits say")
