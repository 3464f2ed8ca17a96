"""Segments that ask for segments change at the instants that a look at every hour finds, one segment after another."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from state.customer.customer import Customer, first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import CompiledSegment, read_policy
from state.rules.rulebook import Rulebook
from tests.support.frequent_looks import NOON, decided, events, history_of, look_often

Move = tuple[int, str, str]
"""The instant, the segment, and whether it was joined (``in``) or left (``out``)."""
SEGMENTS = (
    ("a", "orders_7d >= 1", "days_since_order > 5"),
    ("b", "views_7d >= 2", ""),
    ("c", 'in_segment("a") and days_since_visit >= 2', 'not in_segment("a")'),
    ("d", 'in_segment("c") or in_segment("b")', ""),
    ("e", 'not in_segment("d") and not in_segment("a")', "days_since_order > 20"),
    ("g", 'days_since_left(segment="c") >= 2 and times_entered(segment="g") < 2', 'in_segment("b")'),
    (
        "h",
        'total_days_in(segment="a") > 6.5 and not days_since_left(segment="h") < 8',
        'days_since_entered(segment="d") >= 4',
    ),
    ("f", 'in_segment("d") and not in_segment("b") and days_since_order > 3', 'in_segment("e")'),
)


@cache
def rulebook(durations: tuple[tuple[float, float], ...]) -> Rulebook:
    """Rules with the segments, each with a minimum stay and quiet days."""
    text = 'name = "p"\n'
    for (key, enter, leave), (stay, quiet) in zip(SEGMENTS, durations, strict=True):
        text += f"[[segments]]\nkey = '{key}'\nname = 'N'\nenter = '{enter}'\nleave = '{leave}'\n"
        text += f"min_stay_days = {stay}\n" + (f"quiet_days = {quiet}\n" if quiet else "")
    return Rulebook(read_policy(text, catalogue))


def look(segments: tuple[CompiledSegment, ...], customer: Customer, at: int, moves: list[Move]) -> None:
    """Decide each segment by itself, without any deadline, of a customer who is looked at very often."""
    for it in segments:
        joined, past = customer.memberships.get(it.key), customer.past_memberships.get(it.key)
        is_quiet = past is not None and at < past.entered + it.quiet.ms
        if joined is None and not is_quiet and it.enter.holds(customer, at):
            customer.memberships[it.key] = at
            moves.append((at, it.key, "in"))
        elif joined is not None and it.leave.holds(customer, at) and at >= joined + it.stay.ms:
            customer.leave_segment(it.key, at, is_remembered=True)
            moves.append((at, it.key, "out"))


durations = st.tuples(
    *[st.tuples(st.sampled_from((0, 1.5, 7.25)), st.sampled_from((0, 0, 2.25, 9, 20))) for _ in SEGMENTS]
)


@settings(max_examples=settings().max_examples // 2)  # an example is thousands of looks
@given(durations, events)
def test_segments_change_at_the_instants_that_a_look_at_every_hour_finds(
    of_segments: tuple[tuple[float, float], ...], drawn: list[tuple[int, str]]
) -> None:
    rules, history = rulebook(of_segments), history_of(drawn)
    decisions = decided(rules, history)
    often, moves = first_seen(NOON), list[Move]()
    look_often(rules, history, often, lambda at: look(rules.compiled.segments, often, at, moves))
    assert [(it.at, it.key or "", it.to) for it, _ in decisions if it.key] == moves
