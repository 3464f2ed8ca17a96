"""The timeline: what makes order of arrival and duplicates irrelevant within the allowed lateness.

``base`` is the customer as of the horizon, ``tail`` the facts since, ``emitted`` the changes published since; the
present (``head``) is the base with the tail replayed. A fact that sorts last is simply taken in. One that sorts
earlier is put in its place, the tail is replayed, and what comes out is compared with what was published.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.change import Change, Publication
from schemas.events import AnyFact, in_time
from state.customer.customer import Customer, first_seen
from state.customer.decided import Standing, standing
from state.customer.packing import pack, unpack
from state.rules.rulebook import Decision, Rulebook

MAX_TAIL = 256
FOLD_AT = 8


class Emitted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A change that was published, how often it was revised, and whether it still stands."""

    change: Change
    revision: int
    stands: bool


class Timeline(msgspec.Struct, gc=False):
    """One customer's timeline, which changes in place: after a batch that failed, read it from its snapshot again.

    ``base`` is packed, since it is read only when a fact comes out of order; ``base_standing`` is what was decided as
    of the base, and ``folded`` tells that the head is just what the base holds. ``floor`` is the instant before which
    this customer takes no facts any more because a flood has pushed the horizon on; ``seq`` the number of the last
    publication.
    """

    base: bytes | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    head: Customer
    seq: int
    floor: int
    base_standing: Standing | None
    folded: bool

    def knows(self, fact: AnyFact, lateness: int) -> bool:
        """Whether a fact was already sent under this one's id, at most ``lateness`` ms before or after it."""
        message_id = fact.message_id
        for known in self.tail:
            if known.message_id == message_id and abs(known.at - fact.at) <= lateness:
                return True
        return False


def begin(at: int) -> Timeline:
    """The timeline of a customer first heard of at an instant."""
    return Timeline(None, [], [], first_seen(at), 0, 0, None, False)


def settle(timeline: Timeline, facts: Sequence[AnyFact], upto: int, horizon: int, rules: Rulebook) -> list[Publication]:
    """Take facts in, let time pass until ``upto``, and fold what lies before ``horizon``; returns what to publish.

    The facts must be new (see ``knows``) and no older than the horizon of the last call and the floor.
    """
    arrived = sorted(facts, key=in_time) if len(facts) > 1 else facts
    if _is_past(timeline, min(horizon, arrived[0].at) if arrived else horizon):
        _fold(timeline)
    head, tail = timeline.head, timeline.tail
    decisions: list[Decision] = []
    if not arrived or (arrived[0].at >= head.at and (not tail or in_time(arrived[0]) > in_time(tail[-1]))):
        if arrived or (head.due is not None and head.due <= upto):
            timeline.folded = False
            for fact in arrived:
                rules.advance(head, fact, decisions)
            rules.elapse(head, upto, decisions)
            tail += arrived
        published = _published(timeline, decisions) if decisions else []
    else:
        told_until = max(head.last_event_at, max((it.change.at for it in timeline.emitted), default=0))
        tail += arrived
        tail.sort(key=in_time)
        timeline.folded = False
        timeline.head = _replayed(timeline.base, tail, max(upto, head.at), rules, decisions)
        published = _compared(timeline, told_until, decisions)
    _tidy(timeline, horizon, rules)
    return published


def adopt(timeline: Timeline, at: int, rules: Rulebook) -> list[Publication]:
    """Put a customer under a new policy at ``at``: what was decided under the old one is final."""
    head = timeline.head
    at = max(at, head.at)
    decisions: list[Decision] = []
    rules.adopt(head, at, decisions)
    timeline.folded = False
    _fold(timeline)
    timeline.floor = at + 1
    return [_numbered(timeline, change, figures) for change, figures in decisions]


def _replayed(
    base: bytes | None, tail: Sequence[AnyFact], upto: int, rules: Rulebook, decisions: list[Decision]
) -> Customer:
    customer = first_seen(tail[0].at) if base is None else unpack(base)
    for fact in tail:
        rules.advance(customer, fact, decisions)
    rules.elapse(customer, upto, decisions)
    return customer


def _published(timeline: Timeline, decisions: list[Decision]) -> list[Publication]:
    emitted = timeline.emitted
    retracted = {it.change: it for it in emitted if not it.stands}
    published = []
    for change, figures in decisions:
        before = retracted.get(change)
        revision = 0
        if before is not None:
            emitted.remove(before)
            revision = before.revision + 1
        emitted.append(Emitted(change, revision, True))
        published.append(_numbered(timeline, change, figures, revision, revision > 0))
    return published


def _compared(timeline: Timeline, told_until: int, decisions: list[Decision]) -> list[Publication]:
    emitted = timeline.emitted
    known = {it.change: it for it in emitted}
    true_now = {change for change, _ in decisions}
    untrue = [it for it in emitted if it.stands and it.change not in true_now]
    published = [
        _numbered(timeline, it.change, None, it.revision, True, True, (it.change, it.revision)) for it in untrue[::-1]
    ]
    replaced = iter(untrue)
    compared = [Emitted(it.change, it.revision, False) for it in emitted if it.change not in true_now]
    for change, figures in decisions:
        before = known.get(change)
        if before is not None and before.stands:
            compared.append(before)
            continue
        revision = 0 if before is None else before.revision + 1
        instead_of = next(replaced, None)
        corrects = None if instead_of is None else (instead_of.change, instead_of.revision)
        alters_the_past = revision > 0 or corrects is not None or change.at < told_until
        compared.append(Emitted(change, revision, True))
        published.append(_numbered(timeline, change, figures, revision, alters_the_past, False, corrects))
    timeline.emitted = compared
    return published


def _numbered(timeline: Timeline, change: Change, figures: Any, *how: Any) -> Publication:
    timeline.seq += 1
    return Publication(change, figures, timeline.seq, *how)


def _is_past(timeline: Timeline, horizon: int) -> bool:
    tail = timeline.tail
    return timeline.head.at < horizon and (not tail or tail[-1].at < horizon)


def _fold(timeline: Timeline) -> None:
    if not timeline.folded:
        timeline.base, timeline.base_standing, timeline.folded = pack(timeline.head), standing(timeline.head), True
        timeline.tail.clear()
        timeline.emitted.clear()


def _tidy(timeline: Timeline, horizon: int, rules: Rulebook) -> None:
    tail = timeline.tail
    if _is_past(timeline, horizon):
        _fold(timeline)
    # Folding a part decides it once more, so facts wait until there are some.
    elif len(tail) > FOLD_AT and tail[FOLD_AT].at < horizon:
        _fold_before(timeline, horizon, rules)
    if len(timeline.tail) > MAX_TAIL:
        _fold_before(timeline, horizon, rules)
        if len(timeline.tail) > MAX_TAIL:
            timeline.floor = timeline.tail[-MAX_TAIL // 2].at + 1
            _fold_before(timeline, timeline.floor, rules)


def _fold_before(timeline: Timeline, horizon: int, rules: Rulebook) -> None:
    count = sum(fact.at < horizon for fact in timeline.tail)
    if timeline.base is not None or count:
        base = _replayed(timeline.base, timeline.tail[:count], horizon - 1, rules, [])
        timeline.base, timeline.base_standing = pack(base), standing(base)
    timeline.tail = timeline.tail[count:]
    timeline.emitted = [it for it in timeline.emitted if it.change.at >= horizon]
