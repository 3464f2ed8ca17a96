"""What conditions know of the values of a property changes when a look at all of them says so."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact, OrderCancelled, OrderCompleted, OrderUpdated, Tracked, Trait
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.support.histories import DAY, START

Holds = Callable[[Sequence[int]], bool]


class Asked(NamedTuple):
    """A condition, the days ago at which its window begins and ends (-1: of all time), and what it says of values."""

    text: str
    oldest: int
    newest: int
    holds: Holds


ASKED = (
    Asked("max({}) > 1", -1, 0, lambda of: any(it > 1 for it in of)),
    Asked("min({}) < 0", -1, 0, lambda of: any(it < 0 for it in of)),
    Asked("distinct({}) >= 3", -1, 0, lambda of: len({*of}) >= 3),
    Asked("max({}, 5) > 1", 4, 0, lambda of: any(it > 1 for it in of)),
    Asked("max({}, 5) <= 1", 4, 0, lambda of: bool(of) and all(it <= 1 for it in of)),
    Asked("min({}, 5) > 0", 4, 0, lambda of: bool(of) and all(it > 0 for it in of)),
    Asked("max({}, 5) is not known", 4, 0, lambda of: not of),
    Asked("distinct({}, 5) == 2", 4, 0, lambda of: len({*of}) == 2),
    Asked("max({}, 5, before = 4) > 1", 8, 4, lambda of: any(it > 1 for it in of)),
    Asked("min({}, 5, before = 4) <= 1", 8, 4, lambda of: any(it <= 1 for it in of)),
    Asked("max({}, 2, before = 3) - min({}, 2, before = 3) >= 2", 4, 3, lambda of: bool(of) and max(of) - min(of) >= 2),
)
VALUES = (-2, -1, 0, 1, 2, 3)
EVENTS = ('"Survey Answered", score', '"Order Completed", score')
ORDERED = ("o0", "o1", "o2", "o3")


def rulebook(call: str) -> Rulebook:
    segments = [
        f"[[segments]]\nkey = \"s{number}\"\nname = \"S\"\nenter = '''{asked.text.replace('{}', call)}'''\n"
        for number, asked in enumerate(ASKED)
    ]
    return Rulebook(read_policy('name = "values"\n' + "".join(segments), catalogue))


RULES = {call: rulebook(call) for call in EVENTS}


@st.composite
def histories(draw: st.DrawFn) -> list[AnyFact]:
    """Answers and orders of a month, of which some are updated or cancelled."""
    at, made = START, list[AnyFact]()
    for number in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from((1, DAY // 3, DAY, DAY, 3 * DAY, 4 * DAY)))
        order = draw(st.sampled_from(ORDERED))
        said: dict[str, Trait] = {"score": draw(st.sampled_from(VALUES))}
        choices: tuple[AnyFact, ...] = (
            Tracked(at, f"m{number}", "Survey Answered", properties=said),
            Tracked(at, f"m{number}", "Survey Answered", properties=said),
            OrderCompleted(at, f"m{number}", order, 100, 1, (), properties=said),
            OrderCompleted(at, f"m{number}", f"{order}-{number}", 100, 1, (), properties=said),
            OrderUpdated(at, f"m{number}", order, 100, 1, (), properties=said),
            OrderCancelled(at, f"m{number}", order),
        )
        made.append(draw(st.sampled_from(choices)))
    return made


def values_at(history: list[AnyFact], call: str, at: int) -> list[tuple[int, int]]:
    """Return the days and values of the events that count at an instant."""
    answered: list[tuple[int, int]] = []
    orders: dict[str, tuple[int, int] | None] = {}
    for fact in history:
        value = (fact.properties or {}).get("score")
        if fact.at > at:
            break
        if isinstance(fact, Tracked) and isinstance(value, int):
            answered.append((fact.at // DAY, value))
        elif isinstance(fact, OrderCancelled):
            if fact.order_id in orders:
                orders[fact.order_id] = None
        elif isinstance(fact, OrderCompleted | OrderUpdated) and isinstance(value, int):
            known = orders.get(fact.order_id)
            if known is not None:
                orders[fact.order_id] = (known[0], value)
            elif isinstance(fact, OrderCompleted) and fact.order_id not in orders:
                orders[fact.order_id] = (fact.at // DAY, value)
    return answered if call == EVENTS[0] else [it for it in orders.values() if it is not None]


@given(histories(), st.sampled_from(EVENTS))
def test_a_condition_on_values_changes_when_a_look_at_all_of_them_says_so(history: list[AnyFact], call: str) -> None:
    end = history[-1].at + 20 * DAY
    truth = decide_history(history, end, RULES[call])
    assert truth is not None
    told = {(it.change.at, it.change.key, it.change.to == "in") for it in truth.published if it.change.key is not None}
    first = history[0].at
    midnights = range((first // DAY + 1) * DAY, end + 1, DAY)
    expected = set()
    joined: set[int] = set()
    for at in sorted({*midnights, *(it.at for it in history)}):
        for number, asked in enumerate(ASKED):
            day = at // DAY
            oldest = 0 if asked.oldest < 0 else day - asked.oldest
            seen = [value for on, value in values_at(history, call, at) if oldest <= on <= day - asked.newest]
            if asked.holds(seen) is not (number in joined):
                joined ^= {number}
                expected.add((at, f"s{number}", number in joined))
    assert told == expected
