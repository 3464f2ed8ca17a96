"""What flows through the agent: records come in as a batch, its effects leave as an outcome."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from schemas.change import Publication
from state.timeline.snapshot import Header


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
    ``generation`` is the consumer group's generation in which the records were fetched. ``final``: nothing is known to
    follow, which is only ever known on the stream clock.
    """

    partition: int
    generation: int
    records: Sequence[Record]
    upto: int
    final: bool = False


@dataclass(frozen=True, slots=True)
class Watermark:
    """What the writer of one topic promises: it sends no record older than ``instant`` (ms since 1970) any more.

    The writer is a replay, or the customers' workers where accounts are decided. A ``final`` one says that it is
    through, and that its time ended at ``instant``.
    """

    instant: int
    final: bool


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition group has come: per input topic the next offset, ``upto``, and the watermarks in force.

    ``topic_ids`` are the ids of the inputs and of the changelog that this was counted in, as far as they are known, and
    ``partitions`` is the number of partitions (0: not known): in a topic that was made again, or has other partitions,
    the offsets mean something else.
    ``partitioner`` names the one by which its records were checked for their place; empty or ``any``: they were not.

    Every batch writes it into the changelog, in its own transaction, as the position marker. That marker, not the
    committed offsets of the consumer group, says where to go on. ``policy`` is the number of the policy in force (0: a
    worker wrote this that knew no numbers), ``policy_at`` the instant from which on it is.
    """

    positions: Mapping[str, int]
    upto: int
    watermarks: Mapping[str, Watermark] = field(default_factory=dict)
    topic_ids: Mapping[str, bytes] = field(default_factory=dict)
    partitions: int = 0
    partitioner: str = ""
    policy: int = 0
    policy_at: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class PendingBatch:
    """A batch on its way to its commit, the position that the commit reaches, and the encoded position marker."""

    batch: Batch
    position: Position
    marker: bytes


@dataclass(slots=True)
class Outcome:
    """The effects of one batch on one partition group, none of them carried out yet.

    ``changes``: the last snapshot of every customer touched, for the changelog, None for one who is forgotten; ``gone``
    are those who were forgotten, with their header before, and ``marks`` what the changelog remembers of that.
    ``transitions``, ``rejects`` and ``account_events``: (key, value, timestamp in ms) for their topics, in order.
    ``counts`` are of events, of which a record may hold several: ``in`` = ``applied`` + ``duplicate`` + the sum of
    ``rejected``, which is by reason. Parts of ``applied`` are ``unknown_names``, the events whose name lifestage does
    not know, by name, and ``unknown_order``, those about orders never seen. ``poisoned`` customers could not be read or
    decided. ``bounds`` counts by name how often a bound held, ``misplaced`` by topic the events
    of records in a wrong partition. ``for_accounts`` is what the same events became for
    accounts, see ``agents.account_records``; nothing where no accounts are decided.
    ``customers`` (their header after and before, None for new ones) and ``publications``: the same changes before they
    became bytes, for the tracker and the metrics.
    """

    upto: int
    changes: dict[bytes, bytes | None] = field(default_factory=dict)
    gone: dict[bytes, Header | None] = field(default_factory=dict)
    marks: dict[bytes, bytes | None] = field(default_factory=dict)
    transitions: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    rejects: list[tuple[bytes | None, bytes, int]] = field(default_factory=list)
    account_events: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    unknown_names: Counter[str] = field(default_factory=Counter)
    bounds: Counter[str] = field(default_factory=Counter)
    misplaced: Counter[str] = field(default_factory=Counter)
    for_accounts: Counter[str] = field(default_factory=Counter)
    customers: dict[bytes, tuple[Header, Header | None]] = field(default_factory=dict)
    publications: list[tuple[bytes, Publication]] = field(default_factory=list)

    def take(self, key: bytes, snapshot: bytes, after: Header | None, before: Header | None) -> None:
        """Take in a customer as decided, with their header before; without one ``after``, nothing of them is kept."""
        if after is None:
            self.changes[key] = None
            self.gone.setdefault(key, before)
        else:
            self.changes[key] = snapshot
            self.customers[key] = after, before
