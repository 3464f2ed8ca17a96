"""Segments that ask for segments: changed in one decision, at one instant, and told in the order of the policy."""

from typing import Any

from tests.cases.intake import Intake, both, event

POLICY = """
name = "layers"
[[segments]]
key = "core"
name = "Core"
enter = "orders_30d >= 2"
[[segments]]
key = "quiet"
name = "Quiet core"
enter = 'in_segment("core") and days_since_visit >= 10'
leave = 'not in_segment("core")'
[[segments]]
key = "buyer"
name = "Buyer"
enter = "orders >= 1"
[[segments]]
key = "simple"
name = "Buyer, not core"
enter = 'in_segment("buyer") and not in_segment("core")'
[[segments]]
key = "told"
name = "Told"
enter = 'in_segment("quiet") and not in_segment("simple")'
min_stay_days = 20
"""
END = 1_738_400_000_000  # 2025-02-01


def order(day: int, number: int) -> bytes:
    timestamp = f"2025-01-{day:02}T10:00:00Z"
    return event("Order Completed", "c", timestamp, f"m{number}", order_id=str(number), total=5)


def view(day: int) -> bytes:
    return event("Product Viewed", "c", f"2025-01-{day:02}T09:00:00Z", f"v{day}")


def told(transitions: list[dict[str, Any]]) -> list[tuple[str, str, str, str, str]]:
    properties = [(it["timestamp"], it["properties"]) for it in transitions if "audience_key" in it["properties"]]
    return [(at[5:13], it["audience_key"], it["to"], it["cause"], it["why"]) for at, it in properties]


@both
def test_what_one_segment_changes_others_see_in_the_same_decision(intake: Intake) -> None:
    found = intake([view(1), order(1, 1), order(3, 2)], POLICY, until=END)
    assert told(found.transitions["c"]) == [
        ("01-01T10", "buyer", "in", "event", "orders 1 >= 1"),
        ("01-01T10", "simple", "in", "event", 'in_segment("buyer"); not in_segment("core")'),
        ("01-03T10", "core", "in", "event", "orders_30d 2 >= 2"),
        ("01-03T10", "simple", "out", "event", 'in_segment("core")'),
        ("01-11T09", "quiet", "in", "deadline", 'in_segment("core"); days_since_visit 10 >= 10'),
        ("01-11T09", "told", "in", "deadline", 'in_segment("quiet"); not in_segment("simple")'),
        ("01-31T00", "core", "out", "deadline", "orders_30d 1 < 2"),
        ("01-31T00", "quiet", "out", "deadline", 'not in_segment("core")'),
        ("01-31T00", "simple", "in", "deadline", 'in_segment("buyer"); not in_segment("core")'),
        (
            "01-31T09",
            "told",
            "out",
            "deadline",
            'not in_segment("quiet"); in_segment("simple"); days_since_joining 20 >= 20 (min_stay_days 20)',
        ),
    ]
    together = {tuple(it["properties"]["segments"]) for it in found.transitions["c"] if "-31T00" in it["timestamp"]}
    assert together == {("buyer", "simple", "told")}


@both
def test_an_order_taken_back_takes_back_what_followed_from_it(intake: Intake) -> None:
    cancelled = event("Order Cancelled", "c", "2025-01-04T10:00:00Z", "x", order_id="2")
    found = intake([view(1), order(1, 1), order(3, 2), cancelled], POLICY)
    assert [it[:4] for it in told(found.transitions["c"])][-2:] == [
        ("01-04T10", "core", "out", "event"),
        ("01-04T10", "simple", "in", "event"),
    ]
    assert sorted(found.profiles["c"]["segments"]) == ["buyer", "simple"]


@both
def test_a_late_order_is_seen_by_all_that_follow_from_it(intake: Intake) -> None:
    policy = POLICY.replace('name = "layers"', 'name = "layers"\n[time]\nlateness_minutes = 10080')
    found = intake([view(1), order(3, 2), order(1, 1)], policy)
    assert [it[:3] for it in told(found.transitions["c"])] == [
        ("01-01T10", "buyer", "in"),
        ("01-01T10", "simple", "in"),
        ("01-03T10", "core", "in"),
        ("01-03T10", "simple", "out"),
    ]


@both
def test_who_is_excluded_leaves_them_in_the_order_of_the_policy(intake: Intake) -> None:
    policy = POLICY.replace('name = "layers"', 'name = "layers"\n[customers]\nexcluded = "traits.test"')
    marked = b'{"type":"identify","userId":"c","timestamp":"2025-01-05T10:00:00Z","traits":{"test":true}}'
    found = intake([view(1), order(1, 1), order(3, 2), marked], policy)
    assert [it[:3] for it in told(found.transitions["c"])][-2:] == [
        ("01-05T10", "core", "out"),
        ("01-05T10", "buyer", "out"),
    ]
