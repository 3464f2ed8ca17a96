"""Points: sums with caps, whose parts fade with age, as scores that segments and ladders ask for."""

import re
import tomllib
from pathlib import Path

import pytest

from state.conditions.errors import ConditionError
from state.conditions.parse_operands import parse_value
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.shape import Policy
from tests.cases.days import at, midnight, ms
from tests.cases.intake import Intake, Result, both, event
from tests.cases.segments import memberships, policy, refusal

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
EMAILS = 'at_most(5 * count("Email Opened", 30), 20)'
DEMOS = '10 * count("Demo Requested", 30) + 5 * count("Demo Requested", 60) + 5 * count("Demo Requested", 90)'
END = ms(200)


def happened(day: float, name: str, **properties: object) -> bytes:
    return event(name, "c", at(day), f"{name} {day}", **properties)


def reasons(result: Result) -> list[tuple[str, str, str]]:
    return [
        (it["event"].removeprefix("Audience "), it["timestamp"], it["properties"]["why"])
        for it in result.transitions["c"]
        if "audience_key" in it["properties"]
    ]


def worked_example() -> str:
    """The policy on the page."""
    example, *_ = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return f'name = "leads"\n{example}'


@both
def test_a_dimension_gives_no_more_points_than_its_cap(intake: Intake) -> None:
    lines = [happened(day, "Email Opened") for day in (0, 1, 2, 3, 4, 5)]
    result = intake([*lines, happened(6, "Demo Requested")], policy(f"{EMAILS} > 19", f"{EMAILS} + {DEMOS} >= 40"), END)
    assert reasons(result) == [
        ("Entered", at(3), f"{EMAILS} 20 > 19"),
        ("Entered", at(6), f"({EMAILS} + {DEMOS}) 40 >= 40"),
        # Two of the six e-mails leave the window before the cap is felt; the third takes points away.
        ("Exited", midnight(32), f"{EMAILS} 15 <= 19"),
        ("Exited", midnight(32), f"({EMAILS} + {DEMOS}) 35 < 40"),
    ]


@both
def test_points_fade_in_steps_at_the_midnights_of_their_windows(intake: Intake) -> None:
    asked = policy(*(f"{DEMOS} >= {points}" for points in (20, 10, 5, 1)))
    result = intake([happened(0, "Demo Requested")], asked, END)
    assert [memberships(result, f"s{number}")[-1] for number in range(4)] == [
        ("Exited", midnight(30)),
        ("Exited", midnight(60)),
        ("Exited", midnight(90)),
        ("Exited", midnight(90)),
    ]
    assert reasons(result)[-2:] == [
        ("Exited", midnight(90), f"({DEMOS}) 0 < 5"),
        ("Exited", midnight(90), f"({DEMOS}) 0 < 1"),
    ]


@both
def test_a_window_that_ends_earlier_says_the_same(intake: Intake) -> None:
    apart = '20 * count("Demo Requested", 30) + 10 * count("Demo Requested", 30, before = 30)'
    result = intake([happened(0, "Demo Requested")], policy(f"{apart} >= 20", f"{apart} == 10"), END)
    assert memberships(result, "s0") == [("Entered", at(0)), ("Exited", midnight(30))]
    assert memberships(result, "s1") == [("Entered", midnight(30)), ("Exited", midnight(60))]


@both
def test_points_in_hours_fade_at_the_end_of_their_window(intake: Intake) -> None:
    asked = policy('at_most(4 * count("Pricing Viewed", hours = 6), 8) >= 8')
    result = intake([happened(0, "Pricing Viewed"), happened(0.0625, "Pricing Viewed")], asked, END)
    assert memberships(result) == [("Entered", at(0.0625)), ("Exited", at(0.25))]


@both
def test_points_that_run_down_are_gone_at_the_very_millisecond(intake: Intake) -> None:
    asked = policy(
        "at_least(20 - days_since_visit, 0) >= 12.5",
        "at_least(20 - days_since_visit, 5) == 5",
        "at_most(days_since_visit, 3) + at_most(2 * days_since_visit, 2) >= 4.25",
        "at_most(days_since_visit, 3) > 3",
    )
    result = intake([happened(0, "Product Viewed", product_id="p")], asked, END)
    assert [memberships(result, f"s{number}") for number in range(4)] == [
        [("Entered", at(0)), ("Exited", at(7.5 + 1 / 86_400_000))],
        [("Entered", at(15))],
        [("Entered", at(2.25))],
        [],
    ]


@both
def test_a_limit_does_not_make_a_missing_number_known(intake: Intake) -> None:
    asked = policy(
        "at_least(20 - days_since_visit, 0) < 1", "at_most(traits.points, 5) == 5", "at_most(traits.points, 5) is known"
    )
    lines = [happened(0, "Demo Requested")]
    result = intake(lines, asked, END)
    assert memberships(result) == []
    profile = event("x", "c", at(1), "m").replace(b'"track"', b'"identify"')
    with_points = profile.replace(b'"properties": {}', b'"traits": {"points": 7.5}')
    assert memberships(intake([*lines, with_points], asked, END)) == [("Entered", at(1))] * 2


@both
def test_a_sum_with_a_missing_part_is_missing_and_why_says_so(intake: Intake) -> None:
    asked = policy("not (at_most(orders, 3) + at_most(average_order_value, 50) > 10)")
    result = intake([happened(0, "Product Viewed")], asked)
    assert reasons(result) == [("Entered", at(0), "at_most(orders, 3) + at_most(average_order_value, 50) is not known")]


@both
def test_a_lead_climbs_and_falls_on_the_page_s_ladder(intake: Intake) -> None:
    lines = [
        happened(0, "Email Opened"),
        happened(1, "Demo Requested"),
        happened(2, "Demo Requested"),
        *(happened(3 + number / 64, "Email Opened") for number in range(40)),
        happened(5, "Demo Requested"),
    ]
    result = intake(lines, worked_example(), END)
    steps = [
        (it["timestamp"], it["properties"]["from"], it["properties"]["to"], it["properties"]["why"])
        for it in result.transitions["c"]
        if it["event"] == "Ladder Step Changed"
    ]
    assert steps == [
        (at(0), "none", "cold", "lead_score is known"),
        (at(1), "cold", "warm", "lead_score 22 >= 20"),
        (at(3 + 3 / 64), "warm", "hot", "lead_score 50 >= 50"),
        # The e-mails are gone at 34, which leaves the 40 of three demos at their cap, and each is worth half at 35.
        (midnight(35), "hot", "warm", "lead_score 30 < 40; lead_score 30 >= 20"),
        (midnight(91), "warm", "cold", "lead_score 10 < 15; lead_score is known"),
    ]
    assert result.profiles["c"]["measures"]["lead_score"] == 0


def test_the_page_s_policy_is_not_odd() -> None:
    assert read_policy(worked_example(), catalogue).warnings == ()
    assert [it["name"] for it in tomllib.loads(worked_example())["measures"]] == ["interest", "intent", "lead_score"]


def test_more_points_than_the_caps_allow_are_warned_of() -> None:
    text = worked_example().replace("lead_score >= 50", "interest + intent >= 80")
    (warning,) = read_policy(text, catalogue).warnings
    assert warning.message == "`interest + intent >= 80` never holds"


def test_the_name_of_a_limit_is_no_measure() -> None:
    with_measure = '[[measures]]\nname = "at_most"\nvalue = "orders + 1"\n'
    assert "`at_most` is a function, and cannot be the name of a measure" in refusal("orders > 1", with_measure)


def test_what_is_wrong_with_a_limit_is_told_at_its_place() -> None:
    assert refusal("orders > 1 and at_most(orders) > 1").endswith(
        '`at_most` takes a number and its limit. write it as in `at_most(5 * count("Email Opened", 30), 20)`'
    )
    with pytest.raises(ConditionError, match="`at_most\\(2, 3\\)` never changes"):
        parse_value("at_most(2, 3)", catalogue(Policy(name="any")))
