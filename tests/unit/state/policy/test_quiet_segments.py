"""Quiet days of a segment in a policy: what is wrong or changes nothing is told, and what the summary says."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.summary import summarize
from state.policy.text import PolicyError

SEGMENT = 'name = "p"\n[[segments]]\nkey = "s"\nname = "S"\nenter = "views_7d >= 1"\n'  # lines 1 to 5
EXCLUDED = "[customers]\nexcluded = 'traits.test'\n"


def test_what_is_no_number_of_days_is_told() -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(SEGMENT + "quiet_days = -1\n", catalogue)
    ((line, message, fix),) = [(it.line, it.message, it.fix) for it in caught.value.problems]
    assert (line, message) == (6, "`quiet_days` is -1") and "at least 0" in fix


@pytest.mark.parametrize(
    ("keys", "because"),
    [
        ("quiet_days = 2\nmin_stay_days = 2\n", "by min_stay_days nobody"),
        ("quiet_days = 0.5\nconfirm_hours = 12\n", "by confirm_hours nobody"),
        ("quiet_days = 2\nmin_stay_days = 1\nconfirm_hours = 24\n", "by min_stay_days and confirm_hours nobody"),
    ],
)
def test_those_that_change_nothing_are_warned_of(keys: str, because: str) -> None:
    (warning,) = read_policy(SEGMENT + keys, catalogue).warnings
    assert warning.line == 6
    assert warning.message.startswith(f"these quiet days change nothing: {because}")
    assert read_policy(SEGMENT + keys.replace("quiet_days = ", "quiet_days = 1"), catalogue).warnings == ()
    assert read_policy(SEGMENT + keys + EXCLUDED, catalogue).warnings == (), "who is excluded does not stay so long"


def test_the_summary_says_it_and_no_days_are_none() -> None:
    none, zero, some = [read_policy(SEGMENT + it, catalogue) for it in ("", "quiet_days = 0\n", "quiet_days = 1\n")]
    assert "    joins again no sooner than 1 day after joining" in summarize(some).splitlines()
    assert "joins again" not in summarize(zero)
    assert none.version == zero.version != some.version
    assert [it.remembered_segments for it in (none, zero, some)] == [frozenset(), frozenset(), {"s"}]
