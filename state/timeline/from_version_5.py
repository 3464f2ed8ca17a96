"""Snapshots of version 5, as its last commit wrote them, read as timelines.

Version 5 has no head: that is the base with the facts of the tail applied and what was decided since. So it takes the
rules to read one, and there is no step from its bytes to those of version 6.

Instants of a customer are ms before the last decision, or after it where they lie ahead; stages and transitions that
shipped have numbers.
"""

from typing import Any

import msgspec

from schemas.events import AnyFact, RepublishRequested, Trait
from state.customer.customer import Customer, first_seen
from state.customer.open_signals import NO_SIGNALS, OpenSignal, Signals
from state.customer.packing import pack
from state.customer.past_stays import PastStays
from state.customer.silence import SILENCES, Silence
from state.rules.retention import become_forgotten, begin_anew, is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.compression import decompressed
from state.timeline.corrections import Emitted
from state.timeline.tail import tail_of
from state.timeline.timeline import Timeline

_STAGES = ("prospect", "new", "repeat", "loyal", "at_risk", "churned", "excluded")
_EXPECTED = ("at_risk", "churned", "became_loyal", "loyalty_lapsed")
_TOLD: dict[str, Silence] = {"at_risk": "at_risk", "churned": "churned"}

_Name = int | str


class _Customer(msgspec.Struct, array_like=True, gc=False):
    at: int
    first_event_at: int
    last_event_at: int
    purchases: bytes
    engagement: bytes
    support: bytes
    traits: dict[str, Trait]
    standing: _Name
    since: int
    why: str
    cause: str
    previous_stage: _Name | None
    previous_ms: int
    loyal_since: int | None
    memberships: dict[str, int]
    due: int | None
    expected: _Name | None
    expected_at: int | None
    steps: dict[str, tuple[str, int]] = {}
    activity: bytes = b""
    past_stays: dict[_Name, PastStays] = {}
    held: dict[str, int] = {}
    past_memberships: dict[str, PastStays] = {}
    signals: Signals = NO_SIGNALS
    signals_told: dict[str, int] = {}
    past_steps: dict[str, PastStays] = {}


class _Decided(msgspec.Struct, array_like=True, gc=False):
    """What was decided since the base; here, instants are ms since 1970."""

    standing: _Name
    since: int
    why: str
    cause: str
    previous_stage: _Name | None
    previous_ms: int
    past_stays: dict[str, PastStays]
    loyal_since: int | None
    memberships: dict[str, int]
    expected: _Name | None
    expected_at: int | None
    steps: dict[str, tuple[str, int]] = {}
    held: dict[str, int] = {}
    past_memberships: dict[str, PastStays] = {}
    signals: Signals = NO_SIGNALS
    signals_told: dict[str, int] = {}
    past_steps: dict[str, PastStays] = {}


class _Timeline(msgspec.Struct, array_like=True, gc=False):
    """``at`` and what follows it are the head's, and None or empty where that is as the base."""

    base: bytes | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    seq: int
    closed_before: int
    at: int | None = None
    last_event_at: int = 0
    decided: _Decided | None = None
    twins: list[AnyFact] = []
    activity: bytes | None = None


_decode = msgspec.msgpack.Decoder(_Timeline).decode
_decode_customer = msgspec.msgpack.Decoder(_Customer).decode


def timeline(stored: bytes, due: int | None, rules: Rulebook, user_id: str, *, decided_by_others: bool) -> Timeline:
    """Return the timeline of what follows the header, whose deadline is ``due``; raises what decoding raises.

    ``decided_by_others``: these are not the rules by which the customer was decided, who may not have counted the same.
    """
    it = _decode(stored)
    head = first_seen(it.tail[0].at, stage=rules.first_stage) if it.base is None else _customer(it.base)
    base = None if it.base is None else pack(head)
    head.user_id = user_id
    if it.at is not None:
        _apply_tail(head, it, rules)
        head.at, head.due = it.at, due
        if decided_by_others:
            head.stored_activity, head.read_activity = it.activity or b"", None
    return Timeline(
        base=base,
        tail=tail_of(it.tail),
        emitted=it.emitted,
        head=head,
        seq=it.seq,
        closed_before=it.closed_before,
        folded=it.at is None,
        twins=it.twins,
    )


def _apply_tail(head: Customer, it: _Timeline, rules: Rulebook) -> None:
    gone_at = max((it.change.at for it in it.emitted if it.stands and it.change.is_forgotten), default=0)
    for fact in it.tail:
        if fact.at < gone_at or type(fact) is RepublishRequested:
            continue  # what was forgotten since the base, and what is no more than asked
        if is_forgotten(head) or (gone_at and head.first_event_at < gone_at):
            begin_anew(head, fact.at, rules.first_stage)
        rules.apply_event(head, fact)
    if gone_at and head.first_event_at < gone_at:
        become_forgotten(head, gone_at)
    head.last_event_at = it.last_event_at
    if it.decided is not None:
        _restore(head, it.decided)


def _restore(customer: Customer, it: _Decided) -> None:
    fields: dict[str, Any] = msgspec.structs.asdict(it)
    customer.stage, customer.silence = _standing(fields.pop("standing"))
    for name, value in fields.items():
        setattr(customer, name, value)
    customer.previous_stage, customer.expected = _stage(it.previous_stage), _expected(it.expected)


def _customer(packed: bytes) -> Customer:
    it = _decode_customer(decompressed(packed))
    at = it.at
    stage, silence = _standing(it.standing)
    return Customer(
        first_event_at=at - it.first_event_at,
        last_event_at=at - it.last_event_at,
        at=at,
        due=None if it.due is None else at + it.due,
        stage=stage,
        since=at - it.since,
        silence=silence,
        why=it.why,
        cause=it.cause,
        previous_stage=_stage(it.previous_stage),
        previous_ms=it.previous_ms,
        expected=_expected(it.expected),
        expected_at=None if it.expected_at is None else at + it.expected_at,
        loyal_since=None if it.loyal_since is None else at - it.loyal_since,
        traits=it.traits,
        memberships={key: at - ago for key, ago in it.memberships.items()},
        stored_purchases=it.purchases,
        stored_engagement=it.engagement,
        stored_support=it.support,
        stored_activity=it.activity,
        steps={key: (step, at - ago) for key, (step, ago) in it.steps.items()},
        held={key: at - ago for key, ago in it.held.items()},
        past_stays={_stage(key) or "": _past(at, past) for key, past in it.past_stays.items()},
        past_memberships={key: _past(at, past) for key, past in it.past_memberships.items()},
        signals=_signals(at, it.signals),
        signals_told={key: at - ago for key, ago in it.signals_told.items()},
        past_steps={place: _past(at, past) for place, past in it.past_steps.items()},
    )


def _signals(at: int, signals: Signals) -> Signals:
    return {
        number: {
            value: OpenSignal(tuple(at - ago for ago in it.done), tuple(at - ago for ago in it.counted))
            for value, it in occasions.items()
        }
        for number, occasions in signals.items()
    }


def _past(at: int, past: PastStays) -> PastStays:
    return PastStays(past.times, past.total_ms, at - past.left, past.last_ms)


def _stage(it: _Name | None) -> str | None:
    return _STAGES[it] if isinstance(it, int) else it


def _expected(it: _Name | None) -> str | None:
    return _EXPECTED[it] if isinstance(it, int) else it


def _standing(it: _Name) -> tuple[str, Silence]:
    if isinstance(it, str) and it[0].isdigit():
        return it[1:], SILENCES[int(it[0])]
    stage = _STAGES[it] if isinstance(it, int) else it
    return stage, _TOLD.get(stage, "none")
