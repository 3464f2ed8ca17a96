"""Transitions as messages: the JSON values of the transitions topic, each complete by itself.

On the wire, and only there, a segment is called an audience: that is the word of the Segment spec.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from schemas.change import SIGNAL_OCCURRED, Figures, Publication, message_id
from schemas.instant import to_text, when
from schemas.transition_properties import (
    AudienceProperties,
    EnteredProperties,
    ForgottenProperties,
    LadderProperties,
    SignalProperties,
    StageProperties,
)

CUSTOMER_FORGOTTEN = "Customer Forgotten"
BY_RETENTION = "retention"
"""The reason of a customer whom the policy forgets."""


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
    """A customer joined a segment, or is a member of it and somebody asked for that to be told again."""

    properties: EnteredProperties
    context: Context | UnsetType = UNSET


class AudienceExited(Message, tag_field="event", tag="Audience Exited"):
    """A customer left a segment."""

    properties: AudienceProperties
    context: Context | UnsetType = UNSET


class LadderStepChanged(Message, tag_field="event", tag="Ladder Step Changed"):
    """A customer went from one step of a ladder to another; ``none`` stands for no step."""

    properties: LadderProperties
    context: Context | UnsetType = UNSET


class SignalOccurred(Message, tag_field="event", tag=SIGNAL_OCCURRED):
    """Something happened that the policy calls a signal; nothing that lasts has changed."""

    properties: SignalProperties
    context: Context | UnsetType = UNSET


class CustomerForgotten(Message, tag_field="event", tag=CUSTOMER_FORGOTTEN):
    """All that was kept of a customer is gone: whoever keeps a copy deletes it, and numbers begin anew."""

    properties: ForgottenProperties
    context: Context | UnsetType = UNSET


Transition = StageChanged | LadderStepChanged | AudienceEntered | AudienceExited | SignalOccurred | CustomerForgotten


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
    if change.is_forgotten:
        return _encode(
            CustomerForgotten(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=_forgotten(publication, owner, policy_version),
                context=context,
            )
        )
    shared = _shared(publication, owner, policy_version)
    if change.is_signal:
        return _encode(
            SignalOccurred(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=_signal(publication, shared),
                context=context,
            )
        )
    shared |= {"from_": change.from_, "to": change.to}
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
    shared |= {"audience_key": change.key, "audience_name": change.name}
    if change.to == "in":
        return _encode(
            AudienceEntered(
                type="track",
                message_id=own_id,
                user_id=customer,
                timestamp=timestamp,
                properties=EnteredProperties(
                    **shared,
                    member_since=None if publication.figures is None else when(publication.figures.member_since),
                    republished=change.is_republished,
                ),
                context=context,
            )
        )
    return _encode(
        AudienceExited(
            type="track",
            message_id=own_id,
            user_id=customer,
            timestamp=timestamp,
            properties=AudienceProperties(**shared),
            context=context,
        )
    )


def _signal(publication: Publication, shared: dict[str, Any]) -> SignalProperties:
    change, figures = publication.change, publication.figures
    assert change.key is not None
    return SignalProperties(
        **shared,
        signal_key=change.key,
        signal_name=change.name,
        occasion=change.from_ or None,
        step_times=None if figures is None else tuple(map(to_text, figures.step_times)),
    )


def _forgotten(publication: Publication, owner: str, policy_version: str) -> ForgottenProperties:
    cause = publication.change.cause
    return ForgottenProperties(
        reason=BY_RETENTION if cause.kind == "deadline" else cause.name,
        seq=publication.seq,
        policy_version=policy_version,
        correction=publication.correction,
        retracted=publication.retracted,
        corrects=None if publication.corrects is None else message_id(*publication.corrects, owner),
        revision=publication.revision,
    )


def _shared(publication: Publication, owner: str, policy_version: str) -> dict[str, Any]:
    """Return the fields of ``Properties`` by name."""
    cause, figures = publication.change.cause, publication.figures
    by_deadline = cause.kind == "deadline"
    if figures is None:
        told = _NO_FIGURES
    else:
        told = asdict(figures)
        told["next_at"], told["previous_stage_since"] = when(figures.next_at), when(figures.previous_stage_since)
        del told["step_times"], told["member_since"]
    return {
        "cause": cause.kind,
        "cause_event": None if by_deadline else cause.name,
        "cause_deadline": cause.name if by_deadline else None,
        "cause_message_id": cause.message_id,
        "seq": publication.seq,
        "policy_version": policy_version,
        "correction": publication.correction,
        "retracted": publication.retracted,
        "corrects": None if publication.corrects is None else message_id(*publication.corrects, owner),
        "revision": publication.revision,
        **told,
    }


_OF_SOME = ("step_times", "member_since")
_NO_FIGURES: dict[str, Any] = dict.fromkeys(it for it in Figures.__struct_fields__ if it not in _OF_SOME)
_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Transition).decode
