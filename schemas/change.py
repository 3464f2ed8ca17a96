"""A change of a customer, its cause, the figures it was decided on, and the id under which it is published."""

from hashlib import blake2b
from typing import Literal

import msgspec
import orjson

Direction = Literal["entered", "climbed", "fell", "left"]

MAX_SEGMENTS = 100
"""How many segments a transition names."""
NO_STEP = "none"
"""What stands for no step of a ladder in changes; no step has this key."""
SIGNAL_OCCURRED = "Signal Occurred"
"""What stands for a signal in changes; nothing that a customer can be or be in has a name with a capital."""
FORGOTTEN = "forgotten"
"""What stands in place of a stage for a customer of whom nothing is kept; no stage has this key."""


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """Why something changed at its instant.

    ``kind`` is ``event`` (name, messageId), ``deadline``, ``policy``, or ``request`` (reason, id).
    """

    kind: str
    name: str
    message_id: str | None = None


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One change of a customer: of the stage (``key`` is None), or of the segment or the ladder with this key.

    ``name`` is the lifecycle transition (``at_risk``), or the name of the segment or ladder for people; ``from_`` and
    ``to`` are stages, ``out`` and ``in``, or steps (``NO_STEP`` for none). ``direction`` is ``entered``,
    ``climbed``, ``fell`` or ``left`` on a ladder, otherwise None. A signal is a change too, of nothing that lasts:
    ``key`` is its own, ``from_`` what its occasion is about (empty if nothing), ``to`` is ``SIGNAL_OCCURRED``.
    ``again`` is the number of earlier changes of the customer that are alike in all that makes their identity: several
    facts of one instant may have the same messageId. What is told again is a change as well, though nothing changes:
    of a segment from ``in`` to ``in``. A customer who is forgotten goes from their stage to ``FORGOTTEN``.
    """

    at: int
    key: str | None
    name: str
    from_: str
    to: str
    cause: Cause
    again: int = 0
    direction: Direction | None = None

    @property
    def is_signal(self) -> bool:
        """Tell whether this is a signal, which changes nothing that lasts."""
        return self.to == SIGNAL_OCCURRED

    @property
    def is_republished(self) -> bool:
        """Tell whether this is no change, but the membership in a segment told again."""
        return self.from_ == self.to == "in"

    @property
    def is_forgotten(self) -> bool:
        """Tell whether the customer is forgotten by this."""
        return self.key is None and self.to == FORGOTTEN

    def identity(self, customer: str) -> str:
        """Return the id of this change: the same in every run that decides the same."""
        content = (customer, *self.likeness())
        return blake2b(orjson.dumps((*content, self.again) if self.again else content), digest_size=12).hexdigest()

    def likeness(self) -> tuple[int, str | None, str, str, str, str | None]:
        """Return what makes its identity among the changes of a customer, but for ``again``."""
        return self.at, self.key, self.from_, self.to, self.cause.kind, self.cause.message_id


class Figures(msgspec.Struct, frozen=True, array_like=True):
    """The figures at the instant of a change; ``why`` shows the values that met or crossed their limits.

    Money is in major units of the policy's currency, durations in days, ``next_at`` and ``previous_stage_since`` in ms
    since 1970. ``segments`` are the keys of at most ``MAX_SEGMENTS`` of the ``segment_count`` segments that the
    customer is in, ``steps`` the steps that they are on, each as ``ladder:step``. ``holdout`` tells whether the
    customer is held out, None if the policy holds out nobody. ``step_times`` are the instants of the steps of a signal,
    ``member_since`` is the beginning of the stay in the segment that the change is about. None where a customer has no
    such figure.
    """

    why: str
    stage: str
    orders: int
    revenue: float
    average_order_value: float | None
    recency_days: float | None
    mean_gap_days: float | None
    patience_days: float | None
    next_transition: str | None
    next_at: int | None
    segments: tuple[str, ...]
    segment_count: int
    previous_stage: str | None
    previous_stage_since: int | None
    steps: tuple[str, ...]
    holdout: bool | None
    step_times: tuple[int, ...] = ()
    member_since: int | None = None


class Publication(msgspec.Struct, frozen=True):
    """A change to be published, or a change to be retracted (``figures`` is then None).

    ``seq`` numbers a customer's publications. ``revision`` counts how often the change was retracted and became true
    again. ``correction`` marks a change that an out-of-order fact made or unmade. ``corrects`` is the change, with its
    revision, that this one replaces or retracts.
    """

    change: Change
    figures: Figures | None
    seq: int
    revision: int = 0
    correction: bool = False
    retracted: bool = False
    corrects: tuple[Change, int] | None = None


def message_id(change: Change, revision: int, customer: str) -> str:
    """Return the messageId of a published change: its identity, followed by ``.revision`` unless that is 0."""
    identity = change.identity(customer)
    return identity if revision == 0 else f"{identity}.{revision}"
