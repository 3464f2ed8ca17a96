"""The legend: which stages there are, in which order, and that no two of them look alike."""

import pytest

from streams.demo.legend import Legend
from tests.unit.streams.demo.published import SHIPPED, legend


def test_the_stages_that_ship_follow_the_lifecycle() -> None:
    assert list(SHIPPED.looks) == ["prospect", "new", "repeat", "loyal", "at_risk", "churned"]
    assert (SHIPPED.first, SHIPPED.is_own) == ("prospect", False)
    assert SHIPPED.steps[:8] == (
        *(
            "prospect",
            "left_prospect",
            "acquired",
            "repeated",
            "left_repeat",
            "became_loyal",
            "loyalty_lapsed",
            "at_risk",
        ),
    )


def test_stages_of_the_policy_begin_where_everybody_begins() -> None:
    own = legend("lead", "buyer", "asleep")
    assert list(own.looks) == ["lead", "buyer", "asleep"]
    assert (own.first, own.is_own) == ("lead", True)
    assert own.steps == (
        *("lead", "left_lead", "buyer", "left_buyer", "asleep", "left_asleep", "reverted", "excluded", "included"),
    )
    assert own.colour("a_stage_of_an_older_policy") == ""


def test_some_of_those_that_ship_keep_their_looks_and_their_order() -> None:
    few = legend("prospect", "churned", "new")
    assert list(few.looks) == ["prospect", "new", "churned"]
    assert few.looks == {it: SHIPPED.looks[it] for it in few.looks}
    more = legend("lead", "churned", "vip")
    assert list(more.looks) == ["lead", "churned", "vip"]
    assert more.looks["churned"] == SHIPPED.looks["churned"]


def test_who_does_not_count_is_a_stage_of_the_picture() -> None:
    assert list(legend("lead", "buyer", more="[customers]\nexcluded = \"kind == 'internal'\"").looks) == [
        *("lead", "buyer", "excluded"),
    ]


@pytest.mark.parametrize("number", [2, 3, 9, 10, 30])
def test_no_two_stages_look_alike(number: int) -> None:
    looks = legend(*(f"s{it}" for it in range(number)), more="[customers]\nexcluded = 'traits.staff'").looks.values()
    assert len({it.pattern for it in looks}) == number + 1
    assert len({it.colour for it in looks}) == number + 1 or number > 11


@pytest.mark.parametrize(
    ("stages", "color_system", "by_colour"),
    [
        (SHIPPED, "truecolor", True),
        (SHIPPED, "256", True),
        (SHIPPED, "standard", False),
        (SHIPPED, None, False),
        (legend(*"abcdefghij"), "256", True),
        (legend(*"abcdefghijklmnop"), "truecolor", False),
    ],
)
def test_colours_tell_the_stages_only_where_they_differ(
    stages: Legend, color_system: str | None, by_colour: bool
) -> None:
    assert stages.is_told_by_colour(color_system) is by_colour


def test_a_legend_takes_as_many_lines_as_it_needs() -> None:
    lines = [
        it.plain
        for it in legend("lead", "second_order", "asleep").lines(["lead", "second_order", "asleep"], 24, solid=False)
    ]
    assert lines == ["· lead   ░ second order", "█ asleep"]
