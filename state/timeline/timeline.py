"""The timeline: makes order of arrival and duplicates irrelevant within the allowed lateness.

``base`` is the customer as of some instant behind the horizon, ``tail`` the facts since, ``emitted`` the changes
published since; the present (``head``) is the base with the tail applied. A fact that comes after all of the tail is
applied to the head. An earlier one is put in its place, the head is rebuilt from the base, and what is then decided is
compared with what was published.

A fact stays in the tail for twice the lateness: for as long as one that is not late may be a record of the same event.
"""

from collections.abc import Sequence

import msgspec

from schemas.change import Publication
from schemas.events import AnyFact
from schemas.fact_order import EventIdentity, identity_of, in_order, place
from state.customer.customer import PROSPECT, Customer, first_seen
from state.customer.packing import pack, unpack
from state.rules.decision import Decision
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.corrections import Emitted, correct, publish, renumbered
from state.timeline.tail import Tail, tail_of

MAX_TAIL = 256
MIN_FOLD = 8
TAIL_BOUND = "tail"
IDS_BOUND = "ids"


class Timeline(msgspec.Struct, gc=False):
    """One customer's timeline, which is changed in place: after a batch that failed, load it from its snapshot again.

    ``base`` is packed, and so is the tail, since both are seldom read: mostly when a fact comes out of order.
    ``folded`` says that the head equals the base. ``closed_before`` is the instant before which this customer accepts
    no facts, because a flood of them has moved the base ahead of the horizon, or a new policy was adopted.
    ``seq`` is the number of the last publication. ``twins`` are further records of events whose first record is in the
    tail; ``stale`` says that a fact of the head was taken out of the tail since.
    """

    base: bytes | None
    tail: Tail
    emitted: list[Emitted]
    head: Customer
    seq: int
    closed_before: int
    folded: bool
    twins: list[AnyFact] = []
    stale: bool = False

    def is_gone(self, upto: int) -> bool:
        """Tell whether nothing more need be known of this customer at ``upto``, who was forgotten by the policy."""
        head = self.head
        return head.due is not None and head.due <= upto and is_forgotten(head)


def begin(at: int, user_id: str = "", stage: str = PROSPECT) -> Timeline:
    """Return the timeline of a customer whose first event is at ``at``, in the stage where everybody begins."""
    return Timeline(
        base=None,
        tail=Tail(),
        emitted=[],
        head=first_seen(at, user_id, stage),
        seq=0,
        closed_before=0,
        folded=False,
    )


def apply_facts(
    timeline: Timeline, facts: Sequence[AnyFact], upto: int, horizon: int, rules: Rulebook, told: list[str]
) -> list[Publication]:
    """Apply facts, let time pass until ``upto``, and fold what is not needed any more; return what to publish.

    What is told of the facts (see ``Rulebook.told``), and the bounds that held, are appended to ``told``.

    The facts must be those of ``receive``, and neither before the horizon of the last call nor before
    ``closed_before``. Facts are folded once they lie the lateness before ``horizon``; in a flood, sooner.
    """
    lateness = rules.compiled.lateness_ms
    arrived = in_order(facts) if len(facts) > 1 else facts
    if not timeline.stale and _is_past(timeline, (min(horizon, arrived[0].at) if arrived else horizon) - lateness):
        _fold(timeline)
    decisions: list[Decision] = []
    if _are_next(timeline, arrived):
        published = _continue(timeline, arrived, upto, rules, decisions, told)
    else:
        head = timeline.head
        known_until = max(head.last_event_at, max((it.change.at for it in timeline.emitted), default=0))
        facts = in_order([*timeline.tail.facts, *arrived])
        timeline.tail = tail_of(facts)
        timeline.folded = timeline.stale = False
        timeline.head = rebuild(timeline, facts, max(upto, head.at), rules, decisions, arrived, told)
        published, timeline.emitted = correct(decisions, timeline.emitted, known_until, timeline.seq)
    if published:
        published, timeline.seq = renumbered(published, timeline.seq)
    _tidy(timeline, horizon, horizon - lateness, rules, told)
    if is_forgotten(head := timeline.head):
        # Until then a fact may come that shows that they were not.
        head.due = max(head.since + 2 * lateness, timeline.closed_before + lateness) + 1
    return published


def at_base(base: bytes | None, facts: Sequence[AnyFact], rules: Rulebook, user_id: str = "") -> Customer:
    """Return the customer before the first of these facts, which are those since the base, if there is one."""
    customer = first_seen(facts[0].at, stage=rules.first_stage) if base is None else unpack(base)
    customer.user_id = user_id
    return customer


def adopt(timeline: Timeline, at: int, rules: Rulebook, *, silently: bool = False) -> list[Publication]:
    """Put a customer under a new policy at ``at``: what was decided under the old one is final.

    ``silently``: nothing is published of what changes by that.
    """
    head = timeline.head
    at = max(at, head.at)
    decisions: list[Decision] = []
    rules.adopt(head, at, decisions)
    timeline.folded = False
    _fold(timeline)
    timeline.closed_before = at + 1
    if silently:
        return []
    published = [Publication(it.change, it.figures, seq) for seq, it in enumerate(decisions, start=timeline.seq + 1)]
    timeline.seq += len(published)
    return published


def rebuild(
    timeline: Timeline,
    tail: Sequence[AnyFact],
    upto: int,
    rules: Rulebook,
    decisions: list[Decision],
    arrived: Sequence[AnyFact],
    told: list[str],
) -> Customer:
    """Return the customer at ``upto``: the timeline's base with a tail applied; decisions are appended in order.

    So is, to ``told``, what is told of the facts that have ``arrived``.
    """
    customer = at_base(timeline.base, tail, rules, timeline.head.user_id)
    new = set(map(id, arrived))
    for fact in tail:
        if rules.forgets or is_forgotten(customer):
            rules.reach(customer, fact, decisions)
        if id(fact) in new:
            told += rules.told(customer, fact)
        rules.advance(customer, fact, decisions)
    rules.elapse(customer, upto, decisions)
    return customer


def _are_next(timeline: Timeline, arrived: Sequence[AnyFact]) -> bool:
    if timeline.stale:
        return False
    if not arrived:
        return True
    first, tail = arrived[0], timeline.tail
    if first.at < timeline.head.at:
        return False
    return not tail.count or first.at > tail.end or place(first) > place(tail.facts[-1])


def _continue(
    timeline: Timeline,
    arrived: Sequence[AnyFact],
    upto: int,
    rules: Rulebook,
    decisions: list[Decision],
    told: list[str],
) -> list[Publication]:
    head = timeline.head
    if not arrived and (head.due is None or head.due > upto):
        return []
    timeline.folded = False
    for fact in arrived:
        if rules.forgets or is_forgotten(head):
            rules.reach(head, fact, decisions)
        told += rules.told(head, fact)
        rules.advance(head, fact, decisions)
    rules.elapse(head, upto, decisions)
    timeline.tail.append(arrived)
    return publish(decisions, timeline.emitted, timeline.seq) if decisions else []


def _is_past(timeline: Timeline, horizon: int) -> bool:
    tail = timeline.tail
    return timeline.head.at < horizon and (not tail.count or tail.end < horizon)


def _fold(timeline: Timeline) -> None:
    if not timeline.folded:
        timeline.base, timeline.folded = pack(timeline.head), True
        timeline.tail = Tail()
        timeline.twins.clear()
        timeline.emitted.clear()


def _tidy(timeline: Timeline, horizon: int, kept_from: int, rules: Rulebook, told: list[str]) -> None:
    tail = timeline.tail
    if _is_past(timeline, kept_from):
        _fold(timeline)
    # Folding facts decides them once more, so it waits until there are several.
    elif tail.count > MIN_FOLD and tail.begin < kept_from and tail.facts[MIN_FOLD].at < kept_from:
        _fold_before(timeline, kept_from, rules)
    if _is_flooded(timeline):
        if timeline.tail.count and timeline.tail.begin < horizon:
            told.append(IDS_BOUND)
            _fold_before(timeline, horizon, rules)
        if _is_flooded(timeline):
            told.append(TAIL_BOUND)
            newest = in_order([*timeline.tail.facts, *timeline.twins])[-MAX_TAIL // 2]
            timeline.closed_before = newest.at + 1
            _fold_before(timeline, timeline.closed_before, rules)


def _is_flooded(timeline: Timeline) -> bool:
    return timeline.tail.count + len(timeline.twins) > MAX_TAIL


def _fold_before(timeline: Timeline, horizon: int, rules: Rulebook) -> None:
    facts = timeline.tail.facts
    count = sum(fact.at < horizon for fact in facts)
    if timeline.base is not None or count:
        timeline.base = pack(rebuild(timeline, facts[:count], horizon - 1, rules, [], (), []))
    timeline.tail = tail_of(facts[count:])
    if timeline.twins:
        timeline.twins = _with_first(timeline.twins, facts[count:], rules.compiled.lateness_ms)
    timeline.emitted = [it for it in timeline.emitted if it.change.at >= horizon]


def _with_first(twins: list[AnyFact], tail: list[AnyFact], lateness: int) -> list[AnyFact]:
    """Return the twins whose first record is still in the tail: of the others nothing can follow any more."""
    first: dict[EventIdentity, list[int]] = {}
    for fact in tail:
        first.setdefault(identity_of(fact), []).append(fact.at)
    return [it for it in twins if any(0 <= it.at - at <= lateness for at in first.get(identity_of(it), ()))]
