"""Receiving: what a fact that arrives is to its customer, whatever came before it.

Of the records of one event the first in the order of facts counts, and that may be the one that arrives last. The one
that counted so far is then taken out of the tail.
"""

from collections.abc import Sequence
from enum import Enum, auto

from schemas.events import AnyFact
from schemas.fact_order import identity_of, in_order, said
from state.timeline.records_of_event import Conflict, groups
from state.timeline.tail import tail_of
from state.timeline.timeline import Timeline


class Receipt(Enum):
    """What a fact is counted as: one more event, or a further record of one, which says nothing new."""

    APPLIED = auto()
    DUPLICATE = auto()


def receive(timeline: Timeline, arrived: list[AnyFact], fact: AnyFact, lateness: int) -> Receipt | Conflict:
    """Put a fact among those that have arrived since the last ``apply_facts``, if it makes or changes an event.

    ``arrived`` is changed, and so is the timeline where the fact takes the place of another.
    """
    same = records_like(timeline, arrived, fact)
    if not same:
        arrived.append(fact)
        return Receipt.APPLIED
    content = said(fact)
    if any(it.at == fact.at and said(it) == content for it in same):
        return Receipt.DUPLICATE
    before = groups(in_order(same), lateness)
    after = groups(in_order([*same, fact]), lateness)
    _exchange(timeline, arrived, [group[0] for group in before], [group[0] for group in after], fact)
    if len(after) > len(before):
        return Receipt.APPLIED
    group = next(group for group in after if _has(group, fact))
    others = [it for it in group if it is not fact]
    if any(said(it) == content for it in others):
        return Receipt.DUPLICATE
    return Conflict(fact, others[0], counts=group[0] is fact)


def records_like(timeline: Timeline, arrived: Sequence[AnyFact], fact: AnyFact) -> list[AnyFact]:
    """Return the known facts with the identity of this one, however far apart."""
    message_id, identity = fact.message_id, identity_of(fact)
    records = [it for it in (*timeline.tail.facts, *timeline.twins, *arrived) if it.message_id == message_id]
    return [it for it in records if identity_of(it) == identity]


def _exchange(
    timeline: Timeline, arrived: list[AnyFact], before: list[AnyFact], after: list[AnyFact], fact: AnyFact
) -> None:
    """Let those count that do ``after``, instead of those ``before``."""
    for it in before:
        if not _has(after, it):
            if _has(timeline.tail.facts, it):
                timeline.tail = tail_of(_without(timeline.tail.facts, it))
                timeline.stale = True
            else:
                arrived[:] = _without(arrived, it)
            timeline.twins.append(it)
    for it in after:
        if not _has(before, it):
            timeline.twins = _without(timeline.twins, it)
            arrived.append(it)
    if not _has(after, fact):
        timeline.twins.append(fact)


# By identity of the object: facts whose traits are true and 1 are equal, and say different things.
def _has(facts: list[AnyFact], fact: AnyFact) -> bool:
    return any(it is fact for it in facts)


def _without(facts: list[AnyFact], fact: AnyFact) -> list[AnyFact]:
    return [it for it in facts if it is not fact]
