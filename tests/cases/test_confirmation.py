"""Confirmation: who meets `enter` for a moment is not told, and who goes on meeting it is told at an exact instant."""

from tests.cases.intake import Intake, both, event

END = 1_706_745_600_000  # 2024-02-01
POLICY = """
name = "calm"
[[segments]]
key = "silent"
name = "Silent"
enter = "days_since_visit > 2"
confirm_hours = 36
[[segments]]
key = "once"
name = "Bought once"
enter = "orders == 1"
confirm_hours = 0.5
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "orders >= 2"
confirm_hours = 24
[[ladders.steps]]
key = "silver"
name = "Silver"
enter = "orders >= 1"
"""
Told = tuple[str, str, str]


def bought(number: int, time: str) -> bytes:
    return event("Order Completed", "c", f"2024-01-{time}Z", f"m{number}", order_id=f"o{number}", total=10)


def undone(number: int, time: str) -> bytes:
    return event("Order Cancelled", "c", f"2024-01-{time}Z", f"u{number}", order_id=f"o{number}")


def viewed(time: str) -> bytes:
    return event("Product Viewed", "c", f"2024-01-{time}Z", f"v{time}")


def told(intake: Intake, *lines: bytes) -> list[Told]:
    changes = [
        it for it in intake(list(lines), POLICY, until=END).transitions["c"] if "transition" not in it["properties"]
    ]
    keys = [it["properties"].get("audience_key") or it["properties"]["ladder_key"] for it in changes]
    return [(it["timestamp"][8:19], key, it["properties"]["to"]) for it, key in zip(changes, keys, strict=True)]


@both
def test_a_segment_is_joined_when_enter_has_held_for_so_long(intake: Intake) -> None:
    assert told(intake, viewed("01T10:00:00")) == [("04T22:00:00", "silent", "in")]
    assert told(intake, viewed("01T10:00:00"), viewed("04T21:59:59"), viewed("05T10:00:00")) == [
        ("08T22:00:00", "silent", "in")
    ], "it broke off a second before"


@both
def test_what_events_bring_about_is_confirmed_too(intake: Intake) -> None:
    assert told(intake, bought(1, "01T10:00:00"))[:2] == [
        ("01T10:00:00", "tier", "silver"),
        ("01T10:30:00", "once", "in"),
    ]
    assert told(intake, bought(1, "01T10:00:00"), bought(2, "01T10:29:00"), undone(2, "01T12:00:00")) == [
        ("01T10:00:00", "tier", "silver"),
        ("01T12:30:00", "once", "in"),
    ]


@both
def test_a_step_is_climbed_to_when_it_has_been_open_for_so_long(intake: Intake) -> None:
    lines = [bought(1, "01T10:00:00"), bought(2, "03T10:00:00"), undone(2, "04T09:59:59"), bought(3, "10T10:00:00")]
    steps = [it for it in told(intake, *lines) if it[1] == "tier"]
    assert steps == [("01T10:00:00", "tier", "silver"), ("11T10:00:00", "tier", "gold")]


@both
def test_the_reason_says_for_how_long(intake: Intake) -> None:
    changes = intake([viewed("01T10:00:00")], POLICY, until=END).transitions["c"]
    assert [it["properties"]["why"] for it in changes] == [
        "days_since_visit 3.5 > 2; hours_held 36 >= 36 (confirm_hours 36)"
    ]
