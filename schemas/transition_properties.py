"""The fields of transitions as messages, by what they are about; docs/events.md explains each."""

import msgspec

from schemas.change import Direction


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
    steps: tuple[str, ...] | None
    holdout: bool | None


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


class EnteredProperties(AudienceProperties):
    """``member_since`` is the instant of joining, ``republished`` tells whether that was told before."""

    member_since: str | None
    republished: bool


class LadderProperties(ChangedProperties):
    """``ladder_key`` is the ladder's key in the policy, ``ladder_name`` its name for people.

    ``direction`` is ``entered`` (from none), ``climbed``, ``fell`` or ``left`` (to none).
    """

    ladder_key: str
    ladder_name: str
    direction: Direction


class SignalProperties(Properties):
    """``signal_key`` is the signal's key in the policy, ``signal_name`` its name for people.

    ``occasion`` is the value that it is about, such as the id of a cart, ``step_times`` when its steps were complete.
    """

    signal_key: str
    signal_name: str
    occasion: str | None
    step_times: tuple[str, ...] | None


class ForgottenProperties(msgspec.Struct):
    """``reason`` is ``retention`` for one that the policy forgets, otherwise what the request says.

    Nothing of the customer is told. The rest is as in ``Properties``.
    """

    reason: str
    seq: int
    policy_version: str
    correction: bool
    retracted: bool
    corrects: str | None
    revision: int
