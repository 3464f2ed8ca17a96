"""The members of a segment as the changelog has them, and how far the workers have come."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.batch import Position
from agents.forgotten_marks import is_mark
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import SnapshotError, load
from streams.partitions.position import POSITION_KEY, decode_position
from streams.topic_reader import TopicReader

_RECORDS_BETWEEN_LOOKS = 5_000


@dataclass(slots=True)
class Members:
    """The partitions of a segment's members by key, and of customers who cannot be read; and each partition's position.

    They are those of the last commits that were read.
    """

    found: dict[bytes, int] = field(default_factory=dict)
    unreadable: set[bytes] = field(default_factory=set)
    positions: dict[int, Position] = field(default_factory=dict)

    @property
    def upto(self) -> int | None:
        """The latest instant up to which a partition is decided (ms since 1970); None if nothing is."""
        return max((it.upto for it in self.positions.values()), default=None)


async def read_members(
    changelog: TopicReader, segment: str, rules: Rulebook, on_progress: Callable[[Members], None]
) -> Members:
    """Read who is in a segment, from the changelog's beginning to its present end.

    Not from Redis: a copy follows the commits, and would lack who joined just before. Raises ``StoredVersionError``.
    """
    members = Members()
    read = 0
    async for record in changelog.until_now():
        key, value = record.key, record.value
        if key == POSITION_KEY:
            members.positions[record.partition] = decode_position(value)
            continue
        if is_mark(key):
            continue
        members.unreadable.discard(key)
        try:
            is_member = value is not None and segment in load(value, rules, key.decode()).head.memberships
        except SnapshotError:
            is_member = False
            members.unreadable.add(key)
        if is_member:
            members.found[key] = record.partition
        else:
            members.found.pop(key, None)
        read += 1
        if read % _RECORDS_BETWEEN_LOOKS == 0:
            on_progress(members)
    return members
