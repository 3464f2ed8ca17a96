"""Signals of a policy: what is wrong is told at its line, with the mend; what is right is said in words."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.summary import summarize
from state.policy.text import PolicyError

HEAD = 'name = "p"\n[[signals]]\nkey = "s"\nname = "S"\n'  # lines 1 to 4
STEP = '[[signals.steps]]\nevent = "A"\n'
UNLESS = '[signals.unless]\nevents = ["B"]\n'


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(PolicyError) as caught:
        read_policy(text, catalogue)
    return [(it.line, it.message, it.fix) for it in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        ("", 3, 'the signal "s" has no step', "[[signals.steps]]"),
        (STEP + "within_days = 1\n", 7, "the first step happens once", "leave within_days out"),
        (STEP + STEP, 7, "it is not said within what time", "within_hours"),
        (STEP + UNLESS, 7, "it is not said within what time", "within_hours"),
        (STEP + "times = 2\nwithin_days = 1\nwithin_hours = 2\n", 9, "`within_days` and `within_hours`", "one of them"),
        (STEP + "times = 0\n", 7, "`times` is 0", "at least 1"),
        (STEP + 'where = "channel ="\n', 7, "`where` cannot be read", 'channel == "app"'),
        (STEP + "where = \"total >= 'x'\"\n", 7, "in `where`, column 1: `>=` compares numbers only", "`==`"),
        (STEP + "where = 'weekday == \"Sonday\"'\n", 7, '`weekday` is never "Sonday"', '"Sunday"'),
        (STEP + UNLESS.replace('"B"', "") + "within_days = 1\n", 8, "`events` is empty", "Order Completed"),
        (
            STEP + "times = 2\nwithin_days = 1\n" + UNLESS.replace("B", "a") + "within_days = 1\n",
            6, "`A` ends what has begun", "take it out of `unless`",
        ),
        (STEP.replace("A", " _"), 6, "no event can be named ` _`", "letters or digits"),
        ('while = "stag == 1"\n' + STEP, 5, "in `while`, column 1: there is no feature `stag`", "`stage`"),
        (STEP + HEAD[len('name = "p"\n'):] + STEP, 8, 'the key "s" is taken by line 3', "choose another key"),
        ("[signals.steps]\nevent = 'A'\n", 5, "list of tables", "[[signals.steps]]"),
    ],
)  # fmt: skip
def test_every_error_has_its_line_and_fix(text: str, line: int, message: str, fix: str) -> None:
    ((found_line, found, found_fix),) = problems(HEAD + text)
    assert found_line == line
    assert message in found
    assert fix in found_fix


def test_a_misspelled_word_is_told_with_the_nearest() -> None:
    missing, misspelled = problems(HEAD + STEP.replace("event", "evnt"))
    assert missing[:2] == (5, "`event` is missing")
    assert (misspelled[0], misspelled[2]) == (6, "did you mean `event`?")


def test_the_summary_says_it_in_words() -> None:
    text = HEAD + 'per = "cart_id"\n' + STEP + "times = 3\nwithin_hours = 2\n" + UNLESS + "within_days = 1\n"
    words = summarize(read_policy(text, catalogue))
    assert "S (s), one for each cart_id" in words
    assert "and no B within 1 day after that" in words
