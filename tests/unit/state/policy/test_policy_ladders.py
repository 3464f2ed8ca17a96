"""Ladders of a policy: what is wrong is told at its line, and steps that nobody can reach are warned of."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.summary import summarize
from state.policy.text import PolicyError

HEAD = 'name = "p"\n'
LADDER = '[[ladders]]\nkey = "tier"\nname = "Tier"\n'  # lines 2 to 4
STEP = '[[ladders.steps]]\nkey = "gold"\nname = "Gold"\n'  # lines 5 to 7
SILVER = '[[ladders.steps]]\nkey = "silver"\nname = "Silver"\nenter = "orders >= 1"\n'
GOLD = STEP + 'enter = "orders >= 3"\n'
SEGMENT = '[[segments]]\nkey = "s"\nname = "S"\n'


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PolicyError) as caught:
        read_policy(HEAD + text, catalogue)
    return [(it.line, it.message, it.fix) for it in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        (LADDER, 2, 'the ladder "tier" has no steps', "write them under [[ladders.steps]]"),
        (LADDER + STEP, 5, "`enter` is missing", "write it in [[ladders.steps]], as in `enter = ...`"),
        (LADDER + GOLD + "grace = 3\n", 9, "no `grace` here", "did you mean `grace_days`"),
        (LADDER + GOLD + "requalify_days = -1\n", 9, "`requalify_days` is -1", "at least 0"),
        (LADDER + GOLD + "confirm_hours = -1\n", 9, "`confirm_hours` is -1", "at least 0"),
        (SEGMENT + 'enter = "loyal"\nconfirm_days = 1\n', 6, "no `confirm_days` here", "did you mean `confirm_hours`"),
        (LADDER + GOLD + GOLD, 10, 'the key "gold" is taken by line 6', "choose another key"),
        (LADDER + GOLD + SEGMENT.replace('"s"', '"tier"') + 'enter = "loyal"\n', 10, "is taken by line 3", "another"),
        (LADDER + GOLD + LADDER + GOLD, 10, 'the key "tier" is taken by line 3', "choose another key"),
        (LADDER + GOLD.replace('"gold"', '"none"'), 6, "stands for no step", "choose another key"),
        (LADDER + GOLD.replace('"gold"', '"Gold!"'), 6, '"Gold!"', "small letters"),
        (LADDER + STEP + 'enter = "ordrs >= 3"\n', 8, "there is no feature `ordrs`", "did you mean `orders`"),
        (LADDER + GOLD + 'leave = "orders > "\n', 9, "in `leave`", ""),
        (LADDER + STEP + """enter = 'step("tier") == "gold"'\n""", 8, "when the ladder `tier` is", "something else"),
        (
            LADDER.replace("tier", "first") + STEP + """enter = 'step("tier") == "gold"'\n""" + LADDER + GOLD,
            8, "1: `step(\"tier\")` is not known yet when the ladder `first` is decided", "declare `tier` before",
        ),
        (LADDER + GOLD + SEGMENT + """enter = 'step("teir") == "gold"'\n""", 12, "teir", '"tier"'),
        (LADDER + GOLD + SEGMENT + """enter = 'step("tier") == "golf"'\n""", 12, "golf", '"gold"'),
        (LADDER + GOLD + SEGMENT + """enter = 'step() == "gold"'\n""", 12, "`ladder` is missing", 'step("tier")'),
        (SEGMENT + """enter = 'step("tier") == "gold"'\n""", 5, "step", ""),
        (
            '[lifecycle.loyal]\nenter = \'step("tier") == "gold"\'\n' + LADDER + GOLD,
            3, "step", "",
        ),
        ("[ladders]\nkey = 'a'\n", 2, "list of tables", "[[ladders]]"),
        ("".join(LADDER.replace("tier", f"l{n}") + GOLD for n in range(101)), 703, "101 ladders", "at most 100"),
    ],
)  # fmt: skip
def test_every_error_has_its_line_and_fix(text: str, line: int, message: str, fix: str) -> None:
    ((found_line, found, found_fix),) = problems(text)
    assert found_line == line
    assert message in found
    assert fix in found_fix


def warnings(*enters: tuple[str, str], confirm: tuple[float, ...] = ()) -> list[tuple[int, str]]:
    text = HEAD + LADDER
    for number, (enter, leave) in enumerate(enters):
        text += f"[[ladders.steps]]\nkey = 'k{number}'\nname = 'K'\nenter = \"{enter}\"\nleave = \"{leave}\"\n"
        text += f"confirm_hours = {confirm[number]}\n" if confirm else ""
    return [(it.line, it.message) for it in read_policy(text, catalogue).warnings]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("orders >= 1", ""), ("orders >= 3", "")),
        (("orders >= 1 or views_30d > 3", ""), ("orders > 1 and loyal", "")),
        (("not orders < 2", ""), ("orders >= 2 and kind == 'business'", "")),
        (("orders >= 2", "orders < 2"), ("orders >= 2", "orders < 2")),
        (("revenue is known", ""), ("revenue is known", "")),
    ],
)
def test_a_step_that_nobody_can_reach_is_told(better: tuple[str, str], worse: tuple[str, str]) -> None:
    found = warnings(better, worse)
    assert [line for line, _ in found] == [13]
    assert "nobody can reach this step: whoever meets `enter` is on the better step `k0`" in found[0][1]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("orders >= 3", ""), ("orders >= 1", "")),
        (("orders >= 1", "days_since_order > 9"), ("orders >= 3", "")),  # once the better one is left
        (("orders >= 1 and loyal", ""), ("orders >= 3", "")),
        (("days_since_order > 3", ""), ("not days_since_order <= 4", "")),  # where it is missing
    ],
)
def test_a_step_that_somebody_can_reach_is_not_told(better: tuple[str, str], worse: tuple[str, str]) -> None:
    assert warnings(better, worse) == []


def test_a_step_that_is_reached_sooner_than_the_better_one_is_confirmed_is_not_told() -> None:
    steps = ("revenue_365d >= 500", ""), ("revenue_365d >= 600", "")
    assert warnings(*steps, confirm=(5, 0)) == []
    assert warnings(*steps, confirm=(5, 4)) == []
    for confirm in ((0, 0), (0, 5), (5, 5)):
        assert [line for line, _ in warnings(*steps, confirm=confirm)] == [14]


def test_the_steps_of_a_ladder_belong_to_what_a_condition_may_ask() -> None:
    reading = read_policy(HEAD + LADDER + GOLD + SEGMENT + """enter = 'step("tier") is known'\n""", catalogue)
    assert reading.catalogue.features['step("tier")'].allowed == ("gold",)


def test_the_order_of_steps_is_part_of_the_version_and_no_ladder_is_none() -> None:
    versions = [
        read_policy(HEAD + text, catalogue).version for text in ("", LADDER + GOLD + SILVER, LADDER + SILVER + GOLD)
    ]
    assert len(set(versions)) == 3
    assert versions[0] == read_policy(HEAD + "ladders = []\n", catalogue).version


def test_a_confirmation_of_no_time_is_none() -> None:
    for text in (LADDER + GOLD, SEGMENT + 'enter = "loyal"\n'):
        without, none, some = [
            read_policy(HEAD + text + more, catalogue).version
            for more in ("", "confirm_hours = 0\n", "confirm_hours = 1\n")
        ]
        assert without == none != some


def test_words_tell_what_a_step_asks_and_waits_for() -> None:
    text = LADDER + GOLD + "min_stay_days = 3\ngrace_days = 4\nrequalify_days = 5\nconfirm_hours = 6\n" + SILVER
    told = summarize(read_policy(HEAD + text, catalogue))
    assert "Ladders (1)" in told and "Tier (tier)" in told and "Silver (silver)" in told
    for words in (
        "orders >= 3, for 6 hours without a break",
        "not in the first 3 days",
        "for 4 days without a break",
        "only at the end of each 5 days",
    ):
        assert words in told
