"""What changed for a customer: the value of the transitions topic, complete in itself and flat."""

from hashlib import blake2b

import msgspec
import orjson

from schemas import instant

STAGE_CHANGED = "Lifecycle Stage Changed"
AUDIENCE_ENTERED = "Audience Entered"
AUDIENCE_EXITED = "Audience Exited"


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """Why a decision fell at its instant: an ``event`` (its name and messageId), a ``deadline``, or a new ``policy``."""

    kind: str
    name: str
    message_id: str | None = None


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What one decision changed: a stage (``audience`` is None) or the membership in one audience.

    ``name`` is the lifecycle transition (``at_risk``) or the audience's name for people; ``from_`` and ``to`` are
    stages, or ``out`` and ``in``.
    """

    at: int
    audience: str | None
    name: str
    from_: str
    to: str
    cause: Cause

    def identity(self, customer: str) -> str:
        """The id of what this change says: the same in every run that comes to the same decision."""
        said = (customer, self.at, self.audience, self.from_, self.to, self.cause.kind, self.cause.message_id)
        return blake2b(orjson.dumps(said), digest_size=12).hexdigest()


class Circumstances(msgspec.Struct, frozen=True, array_like=True):
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


class Publication(msgspec.Struct, frozen=True):
    """A change on its way out.

    ``revision`` counts how often it was retracted and became true again; ``correction`` marks what a late fact
    made or unmade; ``corrects`` is the change (and its revision) that it takes the place of, or takes back.
    """

    change: Change
    circumstances: Circumstances | None
    seq: int
    revision: int = 0
    correction: bool = False
    retracted: bool = False
    corrects: tuple[Change, int] | None = None


def message_id(change: Change, revision: int, customer: str) -> str:
    """The messageId of a published change; a later revision says the same and so adds only its number."""
    identity = change.identity(customer)
    return identity if revision == 0 else f"{identity}.{revision}"


def encode(publication: Publication, customer: str, policy_version: str) -> bytes:
    """The JSON value of the transitions topic."""
    change = publication.change
    figures = publication.circumstances
    own_id = message_id(change, publication.revision, customer)
    properties: dict[str, object] = (
        {"transition": change.name}
        if change.audience is None
        else {"audience_key": change.audience, "audience_name": change.name}
    )
    properties |= {
        "from": change.from_,
        "to": change.to,
        "why": None if figures is None else figures.why,
        "cause": change.cause.kind,
        f"cause_{'deadline' if change.cause.kind == 'deadline' else 'event'}": change.cause.name,
        "cause_message_id": change.cause.message_id,
        "seq": publication.seq,
        "policy_version": policy_version,
        "correction": publication.correction,
        "retracted": publication.retracted,
        "corrects": None if publication.corrects is None else message_id(*publication.corrects, customer),
        "revision": publication.revision,
    }
    if figures is not None:
        properties |= {
            "stage": figures.stage,
            "orders": figures.orders,
            "revenue": figures.revenue,
            "average_order_value": figures.average_order_value,
            "recency_days": figures.recency_days,
            "mean_gap_days": figures.mean_gap_days,
            "patience_days": figures.patience_days,
            "next_transition": figures.next_transition,
            "next_at": None if figures.next_at is None else instant.to_text(figures.next_at),
        }
    return orjson.dumps(
        {
            "type": "track",
            "event": STAGE_CHANGED
            if change.audience is None
            else AUDIENCE_ENTERED
            if change.to == "in"
            else AUDIENCE_EXITED,
            "messageId": f"{own_id}.retracted" if publication.retracted else own_id,
            "userId": customer,
            "timestamp": instant.to_text(change.at),
            "properties": properties,
        }
    )
