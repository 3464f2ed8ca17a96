"""Messages that say the whole standing: the segments after the decision, and the stage before the present one."""

from typing import Any

from tests.cases.intake import Intake, both, event

POLICY = """
name = "standing"
[[segments]]
key = "two"
name = "Two orders"
enter = "orders >= 2"
[[segments]]
key = "one"
name = "One order"
enter = "orders == 1"
"""


def order(day: int, number: int, hour: str = "10") -> bytes:
    return event("Order Completed", "c", f"2025-01-{day:02}T{hour}:00:00Z", f"m{number}", order_id=str(number), total=5)


def told(transitions: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (
            it["properties"].get("transition") or it["properties"]["audience_key"],
            it["properties"]["segments"],
            it["properties"]["segment_count"],
            it["properties"]["previous_stage"],
            it["properties"]["previous_stage_since"],
        )
        for it in transitions
    ]


@both
def test_all_messages_of_a_decision_say_what_is_true_after_it(intake: Intake) -> None:
    found = intake([order(1, 1), order(9, 2)], POLICY)
    first, second = "2025-01-01T10:00:00.000Z", "2025-01-09T10:00:00.000Z"
    assert told(found.transitions["c"]) == [
        ("acquired", ["one"], 1, "prospect", first),
        ("one", ["one"], 1, "prospect", first),
        ("repeated", ["two"], 1, "new", first),
        ("two", ["two"], 1, "new", first),
        ("one", ["two"], 1, "new", first),
    ]
    assert found.profiles["c"]["previousStage"] == "new"
    assert found.profiles["c"]["previousSince"] == first
    assert found.profiles["c"]["since"] == second


@both
def test_who_never_changed_has_no_previous_stage(intake: Intake) -> None:
    policy = 'name = "seen"\n[[segments]]\nkey = "seen"\nname = "Seen"\nenter = "views_7d >= 1"'
    found = intake([event("Product Viewed", "c", "2025-01-01T10:00:00Z", "m1")], policy)
    assert told(found.transitions["c"]) == [("seen", ["seen"], 1, None, None)]
    assert (found.profiles["c"]["previousStage"], found.profiles["c"]["previousSince"]) == (None, None)


@both
def test_a_step_taken_back_by_a_refund_is_a_step(intake: Intake) -> None:
    cancelled = event("Order Cancelled", "c", "2025-01-10T10:00:00Z", "m3", order_id="2")
    last = intake([order(1, 1), order(9, 2), cancelled], POLICY).transitions["c"][-1]
    assert last["properties"]["stage"] == "new"
    assert told([last])[0][1:] == (["one"], 1, "repeat", "2025-01-09T10:00:00.000Z")


@both
def test_at_most_a_hundred_segments_are_named(intake: Intake) -> None:
    segments = (f'[[segments]]\nkey = "s{it:03}"\nname = "S"\nenter = "orders >= 1"\n' for it in reversed(range(103)))
    found = intake([order(1, 1)], 'name = "many"\n' + "".join(segments))
    assert len(found.profiles["c"]["segments"]) == 103
    for _, named, count, _, _ in told(found.transitions["c"]):
        assert named == [f"s{it:03}" for it in range(100)]
        assert count == 103


@both
def test_a_late_event_changes_since_when(intake: Intake) -> None:
    found = intake([order(1, 1), order(9, 2), order(9, 3, hour="09")], POLICY)
    (repeated,) = (it for it in found.transitions["c"] if it["properties"]["to"] == "repeat")
    assert told([repeated])[0][3:] == ("new", "2025-01-01T10:00:00.000Z")
    assert found.profiles["c"]["since"] == "2025-01-09T09:00:00.000Z"
