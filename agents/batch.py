"""What flows through an agent: records come in as a batch, its effects leave as an outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an input topic, as bytes.

    ``time`` is the record's own timestamp in milliseconds since 1970 (never later than the clock of the
    worker that fetched it); ``key`` and ``value`` are what the producer wrote.
    """

    topic: str
    offset: int
    time: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition group in merged order, and the instant up to which nothing is missing.

    A tick is a batch without records. ``upto`` (milliseconds since 1970) never goes back within a group.
    ``generation`` is the consumer group's generation in which the records were fetched.
    """

    partition: int
    generation: int
    records: Sequence[Record]
    upto: int


@dataclass(slots=True)
class Outcome:
    """The effects of one batch on one partition group, none of them carried out yet.

    ``changes``: the last snapshot of every customer touched, for the changelog.
    ``transitions`` and ``rejects``: (key, value, timestamp in ms) for their topics, in order.
    ``counts``: how many records were ``applied``, ``duplicate``, ``rejected``, ... for the metrics.
    """

    upto: int
    changes: dict[bytes, bytes] = field(default_factory=dict)
    transitions: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    rejects: list[tuple[bytes | None, bytes, int]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marker:
    """How far a partition group has come: per input topic the next offset, and ``upto``.

    Written into the changelog in the transaction of every batch; it, not the group offset, says where to go on.
    """

    positions: Mapping[str, int]
    upto: int
