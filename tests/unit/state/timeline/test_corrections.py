"""Corrections as a decision table: what is published when decisions differ from what was published before.

A change is named by a letter; it takes place on the day that its letter has in the alphabet.
"""

import msgspec
import pytest

from schemas.change import Cause, Change, Figures
from state.rules.decision import Decision
from state.timeline.corrections import Emitted, correct, publish
from tests.unit.state.customers import ms

FIGURES = Figures(
    why="",
    stage="new",
    orders=1,
    revenue=1.0,
    average_order_value=1.0,
    recency_days=0.0,
    mean_gap_days=None,
    patience_days=None,
    next_transition=None,
    next_at=None,
    segments=(),
    segment_count=0,
    previous_stage="prospect",
    previous_stage_since=0,
    steps=(),
    holdout=None,
)
SEQ = 40


def case(id_: str, *values: object) -> object:
    return pytest.param(*values, id=id_)


def day(letter: str) -> int:
    return ord(letter) - ord("a") + 1


def change(letter: str) -> Change:
    cause = Cause(kind="event", name="Order Completed", message_id=letter)
    return Change(at=ms(day(letter)), key=letter, name=letter, from_="out", to="in", cause=cause)


def decided(letters: str) -> list[Decision]:
    return [Decision(change(letter), FIGURES) for letter in letters]


def emitted(words: str) -> list[Emitted]:
    """``a b1 c-``: a stands, b stands in its first revision, c is retracted."""
    return [Emitted(change(word[0]), int(word[1:].rstrip("-") or 0), not word.endswith("-")) for word in words.split()]


def in_words(published) -> str:
    """``+a`` a change, ``-a`` a retraction, ``1`` its revision, ``!`` a correction, ``>b`` what it corrects."""
    words = []
    for it in published:
        assert (it.figures is None) == it.retracted
        corrects = "" if it.corrects is None else f">{it.corrects[0].name}{it.corrects[1] or ''}"
        sign, mark = "-" if it.retracted else "+", "!" if it.correction else ""
        words.append(f"{sign}{it.change.name}{it.revision or ''}{mark}{corrects}")
    return " ".join(words)


@pytest.mark.parametrize(
    ("before", "decisions", "published", "after"),
    [
        case("nothing decided, nothing published", "a", "", "", "a"),
        case("what is decided is published in order", "", "ab", "+a +b", "a b"),
        case("it follows what was published", "a", "b", "+b", "a b"),
        case("what was retracted comes again as a correction, in its next revision", "a- b", "a", "+a1!", "b a1"),
        case("and once more", "a3-", "a", "+a4!", "a4"),
        case("what else was retracted stays so", "a- b-", "c", "+c", "a- b- c"),
    ],
)
def test_after_facts_in_order(before, decisions, published, after):
    known = emitted(before)
    found = publish(decided(decisions), known, SEQ)
    assert in_words(found) == published
    assert known == emitted(after)
    assert [it.seq for it in found] == list(range(SEQ + 1, SEQ + 1 + len(found)))


@pytest.mark.parametrize(
    ("before", "decisions", "known_until", "published", "after"),
    [
        case("the same decisions publish nothing", "a b", "ab", "b", "", "a b"),
        case("what is newly decided after all that is known is no correction", "a", "ac", "b", "+c", "a c"),
        case("what is newly decided in the known past is one", "c", "ac", "c", "+a!", "a c"),
        case("what is known up to an instant does not include it", "", "a", "a", "+a", "a"),
        case("what is no longer decided is retracted", "a b", "a", "b", "-b!>b", "b- a"),
        case("the newest is retracted first", "a b c", "", "c", "-c!>c -b!>b -a!>a", "a- b- c-"),
        case("what takes its place says so", "a", "c", "a", "-a!>a +c!>a", "a- c"),
        case(
            "the first newcomer takes the place of the first", "a b", "cd", "b", "-b!>b -a!>a +c!>a +d!>b", "a- b- c d"
        ),
        case("a further newcomer takes nobody's place", "a", "cd", "a", "-a!>a +c!>a +d", "a- c d"),
        case("what was retracted is not retracted again", "a-", "", "a", "", "a-"),
        case("what was retracted can be decided again", "a-", "a", "a", "+a1!", "a1"),
        case("a revision is retracted as that revision", "a1", "", "a", "-a1!>a1", "a1-"),
        case("and is corrected as that revision", "a1", "c", "a", "-a1!>a1 +c!>a1", "a1- c"),
    ],
)
def test_after_facts_out_of_order(before, decisions, known_until, published, after):
    found, now = correct(decided(decisions), emitted(before), ms(day(known_until)), SEQ)
    assert in_words(found) == published
    assert now == emitted(after)
    assert [it.seq for it in found] == list(range(SEQ + 1, SEQ + 1 + len(found)))


def test_no_id_is_told_twice_where_two_events_of_one_message_id_differ_in_their_names() -> None:
    by_order = change("a")
    by_page = msgspec.structs.replace(by_order, cause=Cause(kind="event", name="page", message_id="a"))
    now: list[Emitted] = []
    told = publish([Decision(by_order, FIGURES)], now, 0)
    for becomes in (by_page, by_order, by_page):
        published, now = correct([Decision(becomes, FIGURES)], now, 0, len(told))
        told += published
    published, now = correct([], now, 0, len(told))
    told += published + publish([Decision(by_order, FIGURES)], now, len(told))
    assert [(it.change.cause.name, it.revision, it.retracted) for it in told] == [
        ("Order Completed", 0, False),
        ("Order Completed", 0, True),
        ("page", 1, False),
        ("page", 1, True),
        ("Order Completed", 2, False),
        ("Order Completed", 2, True),
        ("page", 3, False),
        ("page", 3, True),
        ("Order Completed", 4, False),
    ]
