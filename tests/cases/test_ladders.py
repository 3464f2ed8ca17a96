"""Ladders: one step at a time, up at once, down late."""

from tests.cases.intake import Intake, both, event

DAY = 86_400_000
END = 1_735_603_200_000
POLICY = """
name = "climbing"
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "orders_90d >= 3"
leave = "orders_30d < 1"
min_stay_days = 5
grace_days = 10
[[ladders.steps]]
key = "silver"
name = "Silver"
enter = "orders_90d >= 1"
requalify_days = 50
[[segments]]
key = "golden"
name = "Golden"
enter = 'step("tier") == "gold"'
"""
LINES = [
    event("Order Completed", "c", f"2024-01-{day:02}T10:00:00Z", f"m{day}", order_id=str(day), total=10)
    for day in (1, 5, 9)
]


@both
def test_a_customer_climbs_by_an_event_and_falls_at_deadlines(intake: Intake) -> None:
    found = intake(LINES, POLICY, until=END)
    steps = [it for it in found.transitions["c"] if it["event"] == "Ladder Step Changed"]
    assert [(it["timestamp"], *(it["properties"][name] for name in ("from", "to", "direction"))) for it in steps] == [
        ("2024-01-01T10:00:00.000Z", "none", "silver", "entered"),
        ("2024-01-09T10:00:00.000Z", "silver", "gold", "climbed"),
        ("2024-02-18T00:00:00.000Z", "gold", "silver", "fell"),
        ("2024-04-08T00:00:00.000Z", "silver", "none", "left"),
    ]
    assert [it["properties"]["cause_deadline"] for it in steps] == [None, None, "ladder", "ladder"]
    assert [it["properties"]["steps"] for it in steps] == [["tier:silver"], ["tier:gold"], ["tier:silver"], []]
    assert steps[2]["properties"]["why"] == (
        "orders_30d 0 < 1; days_on_step 39.5833 >= 5 (min_stay_days 5); days_held 10 >= 10 (grace_days 10); "
        "orders_90d 3 >= 1"
    )
    assert steps[3]["properties"]["why"] == "orders_90d 0 < 1; days_on_step 50 >= 50 (requalify_days 50)"


@both
def test_a_segment_follows_the_step_in_the_same_decision(intake: Intake) -> None:
    found = intake(LINES, POLICY, until=END)
    moves = [it for it in found.transitions["c"] if it["properties"].get("audience_key") == "golden"]
    assert [(it["timestamp"], it["properties"]["to"]) for it in moves] == [
        ("2024-01-09T10:00:00.000Z", "in"),
        ("2024-02-18T00:00:00.000Z", "out"),
    ]


@both
def test_what_ends_in_time_begins_anew(intake: Intake) -> None:
    again = event("Order Completed", "c", "2024-02-17T23:59:59.999Z", "again", order_id="again", total=10)
    found = intake([*LINES, again], POLICY, until=1_708_214_400_000 + 20 * DAY)
    assert found.profiles["c"]["steps"] == {
        "tier": {"step": "gold", "name": "Gold", "since": "2024-01-09T10:00:00.000Z"}
    }
