"""What changed for a customer, by which cause, in which figures; and the id under which it is told."""

from hashlib import blake2b

import msgspec
import orjson

from schemas.instant import to_text


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """Why a decision fell at its instant: an ``event`` (name, messageId), a ``deadline``, or a new ``policy``."""

    kind: str
    name: str
    message_id: str | None = None


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What one decision changed: a stage (``segment`` is None) or the membership in one segment.

    ``name`` is the lifecycle transition (``at_risk``) or the segment's name for people; ``from_`` and ``to`` are
    stages, or ``out`` and ``in``.
    """

    at: int
    segment: str | None
    name: str
    from_: str
    to: str
    cause: Cause

    def identity(self, customer: str) -> str:
        """The id of what this change says: the same in every run that comes to the same decision."""
        said = (customer, self.at, self.segment, self.from_, self.to, self.cause.kind, self.cause.message_id)
        return blake2b(orjson.dumps(said), digest_size=12).hexdigest()


class Figures(msgspec.Struct, frozen=True, array_like=True):
    """The figures at the instant of a change: ``why`` holds the values against their limits.

    Money is in major units of the policy's currency, times in days; None where a customer has no such figure.
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

    def told(self) -> tuple[str | int | float | None, ...]:
        """The figures without the reason, as they are told: instants as text."""
        *figures, next_at = msgspec.structs.astuple(self)[1:]
        return (*figures, None if next_at is None else to_text(next_at))


class Publication(msgspec.Struct, frozen=True):
    """A change on its way out.

    ``revision`` counts how often it was retracted and became true again; ``correction`` marks what a late fact
    made or unmade; ``corrects`` is the change (and its revision) that it takes the place of, or takes back.
    """

    change: Change
    figures: Figures | None
    seq: int
    revision: int = 0
    correction: bool = False
    retracted: bool = False
    corrects: tuple[Change, int] | None = None


def message_id(change: Change, revision: int, customer: str) -> str:
    """The messageId of a published change; a later revision says the same and so adds only its number."""
    identity = change.identity(customer)
    return identity if revision == 0 else f"{identity}.{revision}"
