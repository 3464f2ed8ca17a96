"""Signals of a policy: what is wrong is told at its line, with the mend; what is right is said in words."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.summary import summarize
from state.policy.text import PolicyError

HEAD = 'name = "p"\n[[signals]]\nkey = "s"\nname = "S"\n'  # lines 1 to 4
STEP = '[[signals.steps]]\nevent = "A"\n'
UNLESS = '[signals.unless]\nevents = ["B"]\n'
EVERY = "every_days = 90\n"
KNOWN = """[[segments]]
key = "vip"
name = "VIP"
enter = "orders >= 2"
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "core"
name = "Core"
enter = "orders >= 9"
"""


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
        (STEP + 'where = "channel ="\n', 7, "in `where`, column 9: this cannot be read", "write `==` to compare"),
        (
            STEP + 'where = """\n  a == 1\n  and brands == \'x\'\n"""\n',
            9,
            "in `where`, column 7: `brands` is a list of texts",
            "in brands",
        ),
        (STEP + "where = \"total >= 'x'\"\n", 7, "in `where`, column 1: `>=` compares numbers only", "`==`"),
        (STEP + "where = 'weekday == \"Sonday\"'\n", 7, '`weekday` is never "Sonday"', '"Sunday"'),
        (STEP + UNLESS.replace('"B"', "") + "within_days = 1\n", 8, "`events` is empty", "Order Completed"),
        (
            STEP + "times = 2\nwithin_days = 1\n" + UNLESS.replace("B", "a") + "within_days = 1\n",
            6, "`A` ends what has begun", "take it out of `unless`",
        ),
        (STEP.replace("A", " _"), 6, "no event can be named ` _`", "letters or digits"),
        (STEP.replace("A", "Segment Republish Requested"), 6, "no event can be named", "nothing of a customer"),
        ('while = "stag == 1"\n' + STEP, 5, "in `while`, column 1: there is no feature `stag`", "`stage`"),
        (STEP + HEAD[len('name = "p"\n'):] + STEP, 8, 'the key "s" is taken by line 3', "choose another key"),
        ("[signals.steps]\nevent = 'A'\n", 5, "list of tables", "[[signals.steps]]"),
        (EVERY, 5, "it is not said from when on", 'segment = "KEY", step = "LADDER:STEP" or stage = "STAGE"'),
        (EVERY + "segment = 'vipp'\n" + KNOWN, 6, "there is no segment `vipp`", "did you mean `vip`?"),
        (EVERY + "segment = 'vip'\n", 6, "there is no segment `vip`", "the policy has no segment"),
        (EVERY + "step = 'core'\n" + KNOWN, 6, "`core` is no step of a ladder", 'did you mean "tier:core"?'),
            (EVERY + "step = 'x'\n" + KNOWN, 6, "`x` is no step of a ladder", 'as in "tier:core"'),
        (EVERY + "step = 'teer:core'\n" + KNOWN, 6, "there is no ladder `teer`", "did you mean `tier`?"),
        (EVERY + "step = 'tier:x'\n" + KNOWN, 6, "there is no step of the ladder `tier` `x`", "known here are core"),
        (EVERY + "stage = 'churn'\n", 6, "there is no stage `churn`", "did you mean `churned`?"),
        (EVERY + "stage = 'excluded'\n", 6, "there is no stage `excluded`", "known here are churned, at_risk, loyal"),
        (EVERY + "stage = 'new'\nsegment = 'vip'\n" + KNOWN, 6, "days count from one beginning", "one of them"),
        ("stage = 'new'\n" + STEP, 5, "`stage` is where a signal recurs", "write every_days"),
        (EVERY + "stage = 'new'\n" + STEP, 7, "waits for no events, and so has no `steps`", "leave steps out"),
        (EVERY + "stage = 'new'\nper = 'x'\n", 7, "waits for no events, and so has no `per`", "leave per out"),
        (EVERY + "stage = 'new'\nquiet_days = 9\n", 7, "says already how often", "leave quiet_days out"),
        ("every_days = 0.5\nstage = 'new'\n", 5, "`every_days` is 0.5", "at least 1"),
        ("per = 'properties.cart_id'\n" + STEP, 5, "which is no field of an event", 'write per = "cart_id"'),
        ("per = 'traits.x'\n" + STEP, 5, "`per` is \"traits.x\"", "write the name of a property"),
        ("per = 'kart id'\n" + STEP, 5, "`per` is \"kart id\"", "write the name of a property"),
        ("per = 'context.page.path'\n" + STEP, 5, "no field", 'path = ["context.page.path"], and write per = "path"'),
        ("per = 'brands'\n" + STEP, 5, "`brands` is a list of texts", "a field with one value"),
        ("quiet_days = 0\n" + STEP, 5, "`quiet_days` is 0", "more than 0"),
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


def test_occasions_can_be_about_a_declared_field_unless_it_is_a_list() -> None:
    text = HEAD + 'per = "brands"\n' + STEP + "[context]\nbrands = ['properties.{}brand']\n"
    assert read_policy(text.format(""), catalogue).signals[0].per == "brands"
    assert [line for line, _, _ in problems(text.format("products[]."))] == [5]


def test_the_summary_says_it_in_words() -> None:
    text = HEAD + 'per = "cart_id"\n' + STEP + "times = 3\nwithin_hours = 2\n" + UNLESS + "within_days = 1\n"
    words = summarize(read_policy(text, catalogue))
    assert "S (s), one for each cart_id" in words
    assert "and no B within 1 day after that" in words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (EVERY + "segment = 'vip'\n", "    every 90 days in the segment vip"),
        (EVERY + "step = 'tier:core'\n", "    every 90 days on the step core of the ladder tier"),
        (
            EVERY + "stage = 'at_risk'\nwhile = 'loyal'\n",
            "    every 90 days in the stage at_risk\n    told only if loyal",
        ),
        ("quiet_days = 1\n" + STEP, "    A\n    and not again within 1 day"),
    ],
)
def test_the_summary_says_when_it_recurs_and_is_quiet(text: str, words: str) -> None:
    assert words in summarize(read_policy(HEAD + text + KNOWN, catalogue))


def test_quiet_days_that_change_nothing_are_warned_of() -> None:
    unless = UNLESS + "within_hours = 48\n"
    vain = read_policy(HEAD + "quiet_days = 2\n" + STEP + unless, catalogue).warnings
    assert [(it.line, it.message.partition(":")[0]) for it in vain] == [(5, "these quiet days change nothing")]
    for useful in ("quiet_days = 2.5\n", "quiet_days = 2\nper = 'cart_id'\n"):
        assert read_policy(HEAD + useful + STEP + unless, catalogue).warnings == ()


def test_a_policy_that_does_not_use_them_has_the_version_that_it_had_before() -> None:
    given = read_policy(HEAD + STEP + KNOWN, catalogue).version
    assert given == read_policy(HEAD + "segment = ''\n" + STEP + KNOWN, catalogue).version
    for text in ("quiet_days = 3\n" + STEP, EVERY + "segment = 'vip'\n", EVERY + "stage = 'new'\n"):
        assert given != read_policy(HEAD + text + KNOWN, catalogue).version
