"""Segments that ask for segments, random groups and the hold-out: what is wrong is told at its line."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.generated import generated_code
from state.policy.summary import summarize
from state.policy.text import PolicyError

HEAD = 'name = "p"\n'
CORE = '[[segments]]\nkey = "core"\nname = "Core"\nenter = "orders >= 2"\n'  # lines 2 to 5
NEXT = '[[segments]]\nkey = "next"\nname = "Next"\n'  # lines 6 to 8
FIRST = '[[segments]]\nkey = "first"\nname = "First"\n'
LADDER = '[[ladders]]\nkey = "tier"\nname = "Tier"\n[[ladders.steps]]\nkey = "gold"\nname = "Gold"\n'
HOLDOUT = '[holdout]\nname = "spring"\n'


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PolicyError) as caught:
        read_policy(HEAD + text, catalogue)
    return [(it.line, it.message, it.fix) for it in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        (
            FIRST + """enter = 'in_segment("core")'\n""" + CORE,
            5,
            "segment `core` is not known yet when the seg",
            "before",
        ),
        (CORE + NEXT + """enter = 'orders > 2'\nleave = 'in_segment("next")'\n""", 10, "`next` is not known", "else"),
        (CORE + NEXT + """enter = 'in_segment("cor")'\n""", 9, 'no segment "cor"', 'did you mean "core"?'),
        (CORE + NEXT + "enter = 'in_segment(core)'\n", 9, "`segment` is a text", 'write "core"'),
        (
            LADDER + """enter = 'in_segment("core")'\n""" + CORE,
            8,
            "when the ladder `tier` is decided",
            "something else",
        ),
        (CORE + """[lifecycle.loyal]\nenter = 'in_segment("core")'\n""", 7, "cannot decide it", ""),
        (CORE + NEXT + """enter = 'bucket("a", 1) == 0'\n""", 9, "1 is no number of `buckets`", "from 2 to 1000000"),
        (CORE + NEXT + """enter = 'bucket("a", 2.5) == 0'\n""", 9, "`buckets` is a whole number", ""),
        (CORE + NEXT + """enter = 'bucket("a") == 0'\n""", 9, "`buckets` is missing", 'bucket("spring", 100)'),
        (CORE + NEXT + "enter = 'holdout'\n", 9, "the policy declares no `holdout`", ""),
        (HOLDOUT + "percent = 12.345\n", 4, "`percent` is 12.345", "at most two decimals"),
        (HOLDOUT + "percent = 100\n", 4, "`percent` is 100", ""),
        (HOLDOUT, 2, "`percent` is missing", ""),
        (HOLDOUT + "percent = 5\nshare = 3\n", 5, "no `share` here", ""),
    ],
)
def test_a_mistake_is_told_at_its_line(text: str, line: int, message: str, fix: str) -> None:
    (found,) = problems(text)
    assert found[0] == line
    assert message in found[1]
    assert fix in found[2]


def test_segments_that_ask_for_others_are_functions_of_their_own() -> None:
    compiled = read_policy(HEAD + CORE + NEXT + """enter = 'in_segment("core")'\n""", catalogue)
    assert generated_code(compiled).count("def rules_now_and_later") == 3  # loyalty, and two layers


def test_the_summary_says_who_is_held_out() -> None:
    assert "12.5 % of the customers, at random, are held out (spring)." in summarize(
        read_policy(HEAD + HOLDOUT + "percent = 12.5\n", catalogue)
    )
