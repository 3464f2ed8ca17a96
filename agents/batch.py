"""What flows through an agent: records come in as a batch, its effects leave as an outcome."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from schemas.change import Publication
from state.timeline.snapshot import Header
from state.timeline.timeline import Timeline


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of an input topic, as bytes.

    ``time`` is the record's own timestamp in milliseconds since 1970 (never later than the clock of the
    worker that fetched it); ``key`` and ``value`` are what the producer wrote.
    """

    # A struct, not a dataclass: one is made for every event, at an eighth of the cost.

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
    ``counts``: ``in`` = ``applied`` + ``duplicate`` + the sum of ``reject:REASON``; ``unknown`` is the part of
    ``applied`` whose kind of event lifestage does not know; ``poisoned`` customers could not be decided by a deadline.
    ``settled`` (the customers with their header before, None for new ones) and ``publications``: the same changes
    before they became bytes, for the tracker and the metrics.
    """

    upto: int
    changes: dict[bytes, bytes] = field(default_factory=dict)
    transitions: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    rejects: list[tuple[bytes | None, bytes, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    settled: dict[bytes, tuple[Timeline, Header | None]] = field(default_factory=dict)
    publications: list[tuple[bytes, Publication]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Marker:
    """How far a partition group has come: per input topic the next offset, and ``upto``.

    Written into the changelog in the transaction of every batch; it, not the group offset, says where to go on.
    """

    positions: Mapping[str, int]
    upto: int
