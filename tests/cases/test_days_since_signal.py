"""When a signal was told, as segments, ladders and other signals ask for it."""

import pytest

from tests.cases.days import at, ms
from tests.cases.intake import Intake, Result, both, event
from tests.cases.segments import memberships, policy, refusal

SIGNALS = """
[time]
lateness_minutes = 10080
[[signals]]
key = "cart"
name = "Cart left"
steps = [{event = "Product Added"}]
unless = {events = ["Order Completed"], within_hours = 12}
[[signals]]
key = "searched"
name = "Searched"
steps = [{event = "Products Searched"}]
while = "not days_since_signal('cart') < 3"
"""
LATELY = 'days_since_signal("cart") <= 2'


def happened(day: float, name: str) -> bytes:
    return event(name, "c", at(day), f"{name}{day}", order_id=f"o{day}", total=5)


def events(result: Result) -> list[tuple[str, str, str | None]]:
    """What was told of segments and signals, in order: the event, its instant, and what made it."""
    told = [it for it in result.transitions["c"] if it["event"] != "Lifecycle Stage Changed"]
    causes = [it["properties"]["cause_event"] or it["properties"]["cause_deadline"] for it in told]
    return [(it["event"], it["timestamp"], cause) for it, cause in zip(told, causes, strict=True)]


@both
def test_who_is_told_joins_at_that_instant_after_the_signal_and_leaves_by_time(intake: Intake) -> None:
    result = intake([happened(0, "Product Added")], policy(LATELY, head=SIGNALS), ms(5))
    assert events(result) == [
        ("Signal Occurred", at(0.5), "signal"),
        ("Audience Entered", at(0.5), "audience"),
        ("Audience Exited", at(2.5 + 1 / 86_400_000), "audience"),
    ]
    why = [it["properties"]["why"] for it in result.transitions["c"] if "audience_key" in it["properties"]]
    assert why[0] == 'days_since_signal("cart") 0 <= 2'


@both
def test_by_an_event_the_event_is_the_cause_of_both(intake: Intake) -> None:
    asked = policy('days_since_signal("searched") is known', head=SIGNALS)
    assert events(intake([happened(1, "Products Searched")], asked, ms(2))) == [
        ("Signal Occurred", at(1), "Products Searched"),
        ("Audience Entered", at(1), "Products Searched"),
    ]


@both
def test_a_signal_that_asks_for_another_is_not_told_too_soon_after_it(intake: Intake) -> None:
    lines = [happened(0, "Products Searched"), happened(1, "Product Added")]
    lines += [happened(day, "Products Searched") for day in (1.4, 1.5, 4.25, 4.5)]
    result = intake(lines, policy("orders > 9", head=SIGNALS), ms(9))
    assert [when for name, when, cause in events(result) if cause != "signal"] == [at(0), at(1.4), at(4.5)]


@both
def test_what_comes_late_takes_the_signal_back_and_the_segment_with_it(intake: Intake) -> None:
    lines = [happened(0, "Product Added"), happened(1, "Page"), happened(1.2, "Products Searched")]
    asked = policy(LATELY, head=SIGNALS)
    assert memberships(intake(lines, asked, ms(2))) == [("Entered", at(0.5))]
    result = intake([*lines, happened(0.25, "Order Completed")], asked, ms(2))
    assert events(result) == [("Signal Occurred", at(1.2), "Products Searched")]


@both
def test_a_ladder_and_a_segment_of_it_follow_the_signal(intake: Intake) -> None:
    ladder = "[[ladders]]\nkey = 'l'\nname = 'L'\n[[ladders.steps]]\nkey = 'told'\nname = 'T'\n"
    ladder += f"enter = '{LATELY}'\n"
    asked = policy("step('l') == 'told'", head=SIGNALS + ladder)
    result = intake([happened(0, "Product Added")], asked, ms(1))
    assert [it[:2] for it in events(result)] == [
        (name, at(0.5)) for name in ("Signal Occurred", "Ladder Step Changed", "Audience Entered")
    ]


@pytest.mark.parametrize(
    ("head", "condition", "told"),
    [
        (SIGNALS, "days_since_signal('card') < 3", 'did you mean "cart"?'),
        (SIGNALS + "[lifecycle.loyal]\nenter = \"days_since_signal('cart') < 3\"\n", "loyal", "cannot decide it"),
        (
            SIGNALS + "[customers]\nexcluded = \"days_since_signal('cart') < 3\"\n",
            "loyal",
            'in `excluded`, column 1: `days_since_signal("cart")` is more than what traits say',
        ),
        ("", "days_since_signal('cart') < 3", "there is no function `days_since_signal`. declare a signal first"),
    ],
)
def test_what_cannot_be_asked_is_refused(head: str, condition: str, told: str) -> None:
    assert told in refusal(condition, head=head)
