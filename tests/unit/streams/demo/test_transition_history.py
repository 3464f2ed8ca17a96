"""Which published transitions are in the history, and how they are counted over time."""

from collections import Counter

from schemas.change import Publication
from streams.demo.transition_history import build_history, count_stages
from tests.unit.streams.demo.published import DAY, FIGURES, START, change, ladder_path, published


def test_what_was_retracted_does_not_stand_and_what_came_again_does() -> None:
    first, second = change(1, "new"), change(2, "repeat", "new", "repeated")
    values = published(
        Publication(first, FIGURES, 1),
        Publication(second, FIGURES, 2),
        Publication(second, None, 3, correction=True, retracted=True),
        Publication(second, FIGURES, 4, revision=1, correction=True),
        Publication(second, None, 5, revision=1, correction=True, retracted=True),
    )
    found = build_history(reversed(values))
    assert found.by_name() == {"acquired": 1}
    assert (found.published, found.corrections, found.retracted) == (5, 3, 2)
    assert build_history(values[:4]).by_name() == {"acquired": 1, "repeated": 1}


def test_members_are_those_who_did_not_leave() -> None:
    came, left = change(1, "in", "out", "Core", "core"), change(5, "out", "in", "Core", "core")
    values = published(Publication(came, FIGURES, 1), Publication(left, FIGURES, 2))
    assert build_history(values[:1]).members() == {"core": 1}
    assert build_history(values).members() == {}
    assert build_history(values).by_segment() == {("core", "in"): 1, ("core", "out"): 1}


def test_what_is_told_again_is_no_joining() -> None:
    came, again = change(1, "in", "out", "Core", "core"), change(5, "in", "in", "Core", "core")
    found = build_history(published(Publication(came, FIGURES, 1), Publication(again, FIGURES, 2)))
    assert (found.members(), found.by_segment()) == ({"core": 1}, {("core", "in"): 1})
    assert (found.published, found.seqs) == (2, {"c": 2})


def test_who_is_on_a_step_is_on_no_other() -> None:
    values = ladder_path("c", "tier", silver=1, gold=3, none=9)
    found = build_history(values[:2])
    assert found.on_steps() == {("tier", "gold"): 1}
    assert found.by_step() == {("tier", "silver", "in"): 1, ("tier", "silver", "out"): 1, ("tier", "gold", "in"): 1}
    assert found.ladder_names == {"tier": "Tier"} and not found.names
    assert build_history(values).on_steps() == {}


def test_a_customer_is_in_the_first_stage_until_the_first_step() -> None:
    found = build_history(published(Publication(change(3, "new"), FIGURES, 1)))
    cuts = [START + day * DAY for day in (0, 2, 3, 4)]
    seen = {"c": START, "d": START + DAY}
    assert count_stages(found.stages, seen, cuts, "prospect") == [
        Counter(),
        Counter(prospect=2),
        Counter(prospect=2),
        Counter(new=1, prospect=1),
    ]
    assert count_stages(found.stages, seen, cuts[:2], "lead") == [Counter(), Counter(lead=2)]


def test_a_transition_stands_for_the_stage_that_it_leads_to_most_often() -> None:
    values = [published(Publication(change(1, to), FIGURES, 1), customer=f"{it}") for it, to in enumerate("abb")]
    found = build_history([value for of_one in values for value in of_one])
    assert found.stages_by_name() == {"acquired": "b"}
