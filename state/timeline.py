"""The timeline: what makes order of arrival and duplicates irrelevant within the allowed lateness.

``base`` is the customer as of the horizon, ``tail`` the facts since, ``emitted`` the changes published since; the
present (``head``) is the base with the tail replayed. A fact that sorts last is simply taken in. One that sorts
earlier is put in its place, the tail is replayed, and what comes out is compared with what was published.
"""

from collections.abc import Iterable

import msgspec

from schemas.events import AnyFact, in_time
from schemas.transition import Change, Publication
from state.customer import Customer, first_seen
from state.rulebook import Decision, Rulebook

MOST_TAIL = 256
FOLD_AT = 8


class Emitted(msgspec.Struct, frozen=True, array_like=True):
    """A change that was published, how often it was revised, and whether it still stands."""

    change: Change
    revision: int
    stands: bool


class Timeline(msgspec.Struct, gc=False):
    """One customer's timeline. ``settle`` answers with a new one: the old stays as it was, for a failed commit.

    ``floor`` is the instant before which this customer takes no facts any more because a flood has pushed the
    horizon on; ``seq`` the number of the last publication. ``packed`` is the base as a snapshot holds it, if one does:
    most events change only the tail.
    """

    base: Customer | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    head: Customer
    seq: int
    floor: int
    packed: bytes | None = None

    def knows(self, fact: AnyFact, lateness: int) -> bool:
        """Whether a fact was already sent under this one's id, at most ``lateness`` ms before or after it."""
        message_id = fact.message_id
        for known in self.tail:
            if known.message_id == message_id and abs(known.at - fact.at) <= lateness:
                return True
        return False


def begin(at: int) -> Timeline:
    """The timeline of a customer first heard of at an instant."""
    nobody = first_seen(at)
    return Timeline(None, [], [], nobody, 0, 0)


def settle(
    timeline: Timeline, facts: Iterable[AnyFact], upto: int, horizon: int, rules: Rulebook
) -> tuple[Timeline, list[Publication]]:
    """Take facts in, let time pass until ``upto``, and fold what lies before ``horizon``.

    The facts must be new (see ``knows``) and no older than the horizon of the last call and the floor.
    """
    arrived = sorted(facts, key=in_time)
    base, tail, emitted, head = timeline.base, timeline.tail, timeline.emitted, timeline.head
    packed = timeline.packed
    if _is_past(timeline, min(horizon, arrived[0].at) if arrived else horizon):
        base, packed, tail, emitted = head, None, [], []
    in_order = not arrived or (arrived[0].at >= head.at and (not tail or in_time(arrived[0]) > in_time(tail[-1])))
    tail = [*tail, *arrived]
    decisions: list[Decision] = []
    if in_order:
        if arrived or (head.due is not None and head.due <= upto):
            head = head.copy(arrived)
            for fact in arrived:
                rules.advance(head, fact, decisions)
            rules.elapse(head, upto, decisions)
        published, emitted = _publish(emitted, decisions)
    else:
        tail.sort(key=in_time)
        head = _replay(base, tail, max(upto, head.at), rules, decisions)
        told_until = max(timeline.head.heard_at, max((it.change.at for it in emitted), default=0))
        published, emitted = _compare(emitted, told_until, decisions)
    settled = Timeline(base, tail, emitted, head, timeline.seq + len(published), timeline.floor, packed)
    _fold(settled, horizon, rules)
    return settled, [
        msgspec.structs.replace(it, seq=timeline.seq + number) for number, it in enumerate(published, start=1)
    ]


def adopt(timeline: Timeline, at: int, rules: Rulebook) -> tuple[Timeline, list[Publication]]:
    """Put a customer under a new policy at ``at``: what was decided under the old one is final."""
    head = timeline.head.copy(())
    at = max(at, head.at)
    decisions: list[Decision] = []
    rules.adopt(head, at, decisions)
    published = [
        Publication(change, figures, timeline.seq + number)
        for number, (change, figures) in enumerate(decisions, start=1)
    ]
    return Timeline(head, [], [], head, timeline.seq + len(published), at + 1), published


def _replay(
    base: Customer | None, tail: list[AnyFact], upto: int, rules: Rulebook, decisions: list[Decision]
) -> Customer:
    customer = first_seen(tail[0].at) if base is None else base.copy(tail)
    for fact in tail:
        rules.advance(customer, fact, decisions)
    rules.elapse(customer, upto, decisions)
    return customer


def _publish(emitted: list[Emitted], decisions: list[Decision]) -> tuple[list[Publication], list[Emitted]]:
    if not decisions:
        return [], emitted
    retracted = {it.change: it for it in emitted if not it.stands}
    published = []
    emitted = emitted.copy()
    for change, figures in decisions:
        before = retracted.get(change)
        revision = 0
        if before is not None:
            emitted.remove(before)
            revision = before.revision + 1
        emitted.append(Emitted(change, revision, True))
        published.append(Publication(change, figures, 0, revision, correction=revision > 0))
    return published, emitted


def _compare(
    emitted: list[Emitted], told_until: int, decisions: list[Decision]
) -> tuple[list[Publication], list[Emitted]]:
    known = {it.change: it for it in emitted}
    true_now = {change for change, _ in decisions}
    untrue = [it for it in emitted if it.stands and it.change not in true_now]
    published = [
        Publication(it.change, None, 0, it.revision, True, True, (it.change, it.revision)) for it in untrue[::-1]
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
        published.append(Publication(change, figures, 0, revision, alters_the_past, False, corrects))
    return published, compared


def _fold(timeline: Timeline, horizon: int, rules: Rulebook) -> None:
    tail = timeline.tail
    if _is_past(timeline, horizon):
        timeline.base, timeline.packed = timeline.head, None
        timeline.tail, timeline.emitted = [], []
    # Folding a part decides it once more, so facts wait until there are some.
    elif len(tail) > FOLD_AT and tail[FOLD_AT].at < horizon:
        _fold_before(timeline, horizon, rules)
    if len(timeline.tail) > MOST_TAIL:
        _fold_before(timeline, horizon, rules)
        if len(timeline.tail) > MOST_TAIL:
            timeline.floor = timeline.tail[-MOST_TAIL // 2].at + 1
            _fold_before(timeline, timeline.floor, rules)


def _is_past(timeline: Timeline, horizon: int) -> bool:
    tail = timeline.tail
    return timeline.head.at < horizon and (not tail or tail[-1].at < horizon)


def _fold_before(timeline: Timeline, horizon: int, rules: Rulebook) -> None:
    count = sum(fact.at < horizon for fact in timeline.tail)
    if timeline.base is not None or count:
        timeline.base, timeline.packed = _replay(timeline.base, timeline.tail[:count], horizon - 1, rules, []), None
    timeline.tail = timeline.tail[count:]
    timeline.emitted = [it for it in timeline.emitted if it.change.at >= horizon]
