"""Transitions as messages: the values of the transitions topic, complete in themselves, their scalars flat."""

from typing import Any

import msgspec

from schemas import instant
from schemas.change import Publication, message_id


class Properties(msgspec.Struct, rename={"from_": "from"}):
    """What every transition says; docs/events.md tells the fields one by one."""

    from_: str
    to: str
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


class StageProperties(Properties):
    """``transition`` is the name of the step, such as ``at_risk`` or ``won_back``."""

    transition: str


class AudienceProperties(Properties):
    """``audience_key`` is the segment's key in the policy, ``audience_name`` its name for people."""

    audience_key: str
    audience_name: str


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
    """A customer joined an segment."""

    properties: AudienceProperties


class AudienceExited(Message, tag_field="event", tag="Audience Exited"):
    """A customer left an segment."""

    properties: AudienceProperties


Transition = StageChanged | AudienceEntered | AudienceExited


def encode(publication: Publication, customer: str, policy_version: str) -> bytes:
    """The JSON value of the transitions topic."""
    change = publication.change
    own_id = message_id(change, publication.revision, customer)
    header = (
        "track",
        f"{own_id}.retracted" if publication.retracted else own_id,
        customer,
        instant.to_text(change.at),
    )
    said = _said(publication, customer, policy_version)
    if change.segment is None:
        return _encode(StageChanged(*header, StageProperties(*(*said, change.name))))
    event = AudienceEntered if change.to == "in" else AudienceExited
    return _encode(event(*header, AudienceProperties(*(*said, change.segment, change.name))))


def _said(publication: Publication, customer: str, policy_version: str) -> tuple[Any, ...]:
    change, cause, figures = publication.change, publication.change.cause, publication.figures
    deadline = cause.kind == "deadline"
    return (
        change.from_,
        change.to,
        None if figures is None else figures.why,
        cause.kind,
        None if deadline else cause.name,
        cause.name if deadline else None,
        cause.message_id,
        publication.seq,
        policy_version,
        publication.correction,
        publication.retracted,
        None if publication.corrects is None else message_id(*publication.corrects, customer),
        publication.revision,
        *((None,) * 9 if figures is None else figures.told()),
    )


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Transition).decode
