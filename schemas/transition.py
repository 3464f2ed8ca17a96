"""Transitions as messages: the JSON values of the transitions topic, each complete by itself.

On the wire, and only there, a segment is called an audience: that is the word of the Segment spec.
"""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from schemas.change import Direction, Publication, message_id
from schemas.instant import to_text, when


class Properties(msgspec.Struct, rename={"from_": "from"}):
    """The fields of every transition, flat; docs/events.md explains each."""

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
    segments: tuple[str, ...] | None
    segment_count: int | None
    previous_stage: str | None
    previous_stage_since: str | None
    steps: tuple[str, ...] | None
    holdout: bool | None


class StageProperties(Properties):
    """``transition`` is the name of the step, such as ``at_risk`` or ``won_back``."""

    transition: str


class AudienceProperties(Properties):
    """``audience_key`` is the segment's key in the policy, ``audience_name`` its name for people."""

    audience_key: str
    audience_name: str


class LadderProperties(Properties):
    """``ladder_key`` is the ladder's key in the policy, ``ladder_name`` its name for people.

    ``direction`` is ``entered`` (from none), ``climbed``, ``fell`` or ``left`` (to none).
    """

    ladder_key: str
    ladder_name: str
    direction: Direction


class Context(msgspec.Struct, rename="camel"):
    """What is known around a message: the account that it is about."""

    group_id: str


class Message(msgspec.Struct, rename="camel"):
    """The Segment spec's envelope; ``timestamp`` is the instant at which the change became true.

    A message about an account has its id as ``user_id``, and in its ``context``, which no other message has.
    """

    type: str
    message_id: str
    user_id: str
    timestamp: str


class StageChanged(Message, tag_field="event", tag="Lifecycle Stage Changed"):
    """A customer went from one lifecycle stage to another."""

    properties: StageProperties
    context: Context | UnsetType = UNSET


class AudienceEntered(Message, tag_field="event", tag="Audience Entered"):
    """A customer joined a segment."""

    properties: AudienceProperties
    context: Context | UnsetType = UNSET


class AudienceExited(Message, tag_field="event", tag="Audience Exited"):
    """A customer left a segment."""

    properties: AudienceProperties
    context: Context | UnsetType = UNSET


class LadderStepChanged(Message, tag_field="event", tag="Ladder Step Changed"):
    """A customer went from one step of a ladder to another; ``none`` stands for no step."""

    properties: LadderProperties
    context: Context | UnsetType = UNSET


Transition = StageChanged | LadderStepChanged | AudienceEntered | AudienceExited


def encode(publication: Publication, customer: str, policy_version: str, *, of_account: bool = False) -> bytes:
    """Return the JSON value of the transitions topic for a publication of the customer, or account, with this id."""
    change = publication.change
    context = Context(customer) if of_account else UNSET
    # An account may have the id of a customer, whose messages are others.
    owner = f"account {customer}" if of_account else customer
    own_id = message_id(change, publication.revision, owner)
    if publication.retracted:
        own_id += ".retracted"
    timestamp = to_text(change.at)
    shared = asdict(_shared(publication, owner, policy_version))
    if change.key is None:
        return _encode(
            StageChanged(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=StageProperties(**shared, transition=change.name),
                context=context,
            )
        )
    if change.direction:
        return _encode(
            LadderStepChanged(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=LadderProperties(
                    **shared, ladder_key=change.key, ladder_name=change.name, direction=change.direction
                ),
                context=context,
            )
        )
    event = AudienceEntered if change.to == "in" else AudienceExited
    return _encode(
        event(
            type="track",
            message_id=own_id,
            user_id=customer,
            timestamp=timestamp,
            properties=AudienceProperties(**shared, audience_key=change.key, audience_name=change.name),
            context=context,
        )
    )


def _shared(publication: Publication, owner: str, policy_version: str) -> Properties:
    change, cause, figures = publication.change, publication.change.cause, publication.figures
    by_deadline = cause.kind == "deadline"
    return Properties(
        from_=change.from_,
        to=change.to,
        why=None if figures is None else figures.why,
        cause=cause.kind,
        cause_event=None if by_deadline else cause.name,
        cause_deadline=cause.name if by_deadline else None,
        cause_message_id=cause.message_id,
        seq=publication.seq,
        policy_version=policy_version,
        correction=publication.correction,
        retracted=publication.retracted,
        corrects=None if publication.corrects is None else message_id(*publication.corrects, owner),
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
        steps=None if figures is None else figures.steps,
        holdout=None if figures is None else figures.holdout,
    )


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Transition).decode
