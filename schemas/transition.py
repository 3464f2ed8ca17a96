"""Transitions as messages: the JSON values of the transitions topic, each complete by itself.

On the wire, and only there, a segment is called an audience: that is the word of the Segment spec.
"""

from typing import Any

import msgspec
from msgspec.structs import asdict

from schemas.change import SIGNAL_OCCURRED, Publication, message_id
from schemas.instant import to_text, when


class Properties(msgspec.Struct):
    """The fields of every message, flat; docs/events.md explains each."""

    why: str | None
    cause: str
    cause_event: str | None
    cause_deadline: str | None
    cause_message_id: str | None
    seq: int
    policy_version: str
    correction: bool
    retracted: bool
    corrects: str | None
    revision: int
    stage: str | None
    orders: int | None
    revenue: float | None
    average_order_value: float | None
    recency_days: float | None
    mean_gap_days: float | None
    patience_days: float | None
    next_transition: str | None
    next_at: str | None
    segments: tuple[str, ...] | None
    segment_count: int | None
    previous_stage: str | None
    previous_stage_since: str | None


class ChangedProperties(Properties, rename={"from_": "from"}):
    """What a transition went from and to."""

    from_: str
    to: str


class StageProperties(ChangedProperties):
    """``transition`` is the name of the step, such as ``at_risk`` or ``won_back``."""

    transition: str


class AudienceProperties(ChangedProperties):
    """``audience_key`` is the segment's key in the policy, ``audience_name`` its name for people."""

    audience_key: str
    audience_name: str


class SignalProperties(Properties):
    """``signal_key`` is the signal's key in the policy, ``signal_name`` its name for people.

    ``occasion`` is the value that it is about, such as the id of a cart, ``step_times`` when its steps were complete.
    """

    signal_key: str
    signal_name: str
    occasion: str | None
    step_times: tuple[str, ...] | None


class Message(msgspec.Struct, rename="camel"):
    """The Segment spec's envelope; ``timestamp`` is the instant at which the change became true."""

    type: str
    message_id: str
    user_id: str
    timestamp: str


class StageChanged(Message, tag_field="event", tag="Lifecycle Stage Changed"):
    """A customer went from one lifecycle stage to another."""

    properties: StageProperties


class AudienceEntered(Message, tag_field="event", tag="Audience Entered"):
    """A customer joined a segment."""

    properties: AudienceProperties


class AudienceExited(Message, tag_field="event", tag="Audience Exited"):
    """A customer left a segment."""

    properties: AudienceProperties


class SignalOccurred(Message, tag_field="event", tag=SIGNAL_OCCURRED):
    """Something happened that the policy calls a signal; nothing that lasts has changed."""

    properties: SignalProperties


Transition = StageChanged | AudienceEntered | AudienceExited | SignalOccurred


def encode(publication: Publication, customer: str, policy_version: str) -> bytes:
    """Return the JSON value of the transitions topic for a publication of the customer with this id."""
    change = publication.change
    own_id = message_id(change, publication.revision, customer)
    if publication.retracted:
        own_id += ".retracted"
    timestamp = to_text(change.at)
    shared = asdict(_shared(publication, customer, policy_version))
    if change.is_signal:
        return _encode(
            SignalOccurred(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=_signal(publication, shared),
            )
        )
    shared |= {"from_": change.from_, "to": change.to}
    if change.segment is None:
        return _encode(
            StageChanged(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=StageProperties(**shared, transition=change.name),
            )
        )
    event = AudienceEntered if change.to == "in" else AudienceExited
    return _encode(
        event(
            type="track",
            message_id=own_id,
            user_id=customer,
            timestamp=timestamp,
            properties=AudienceProperties(**shared, audience_key=change.segment, audience_name=change.name),
        )
    )


def _signal(publication: Publication, shared: dict[str, Any]) -> SignalProperties:
    change, figures = publication.change, publication.figures
    assert change.segment is not None
    return SignalProperties(
        **shared,
        signal_key=change.segment,
        signal_name=change.name,
        occasion=change.from_ or None,
        step_times=None if figures is None else tuple(map(to_text, figures.step_times)),
    )


def _shared(publication: Publication, customer: str, policy_version: str) -> Properties:
    cause, figures = publication.change.cause, publication.figures
    by_deadline = cause.kind == "deadline"
    return Properties(
        why=None if figures is None else figures.why,
        cause=cause.kind,
        cause_event=None if by_deadline else cause.name,
        cause_deadline=cause.name if by_deadline else None,
        cause_message_id=cause.message_id,
        seq=publication.seq,
        policy_version=policy_version,
        correction=publication.correction,
        retracted=publication.retracted,
        corrects=None if publication.corrects is None else message_id(*publication.corrects, customer),
        revision=publication.revision,
        stage=None if figures is None else figures.stage,
        orders=None if figures is None else figures.orders,
        revenue=None if figures is None else figures.revenue,
        average_order_value=None if figures is None else figures.average_order_value,
        recency_days=None if figures is None else figures.recency_days,
        mean_gap_days=None if figures is None else figures.mean_gap_days,
        patience_days=None if figures is None else figures.patience_days,
        next_transition=None if figures is None else figures.next_transition,
        next_at=None if figures is None else when(figures.next_at),
        segments=None if figures is None else figures.segments,
        segment_count=None if figures is None else figures.segment_count,
        previous_stage=None if figures is None else figures.previous_stage,
        previous_stage_since=None if figures is None else when(figures.previous_stage_since),
    )


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Transition).decode
