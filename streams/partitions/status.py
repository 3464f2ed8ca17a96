"""The status of a worker: its partition groups, their lag, and whether it is ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

GroupState = Literal["opening", "open", "failed", "stopped"]
GROUP_STATES: tuple[GroupState, ...] = get_args(GroupState)
TopicPartitionName = tuple[str, int]


@dataclass(slots=True)
class Restore:
    """How much of its changelog a group has read, in offsets, and how long the rest will take if it goes on like that.

    An offset may hold no record: the log is compacted. ``seconds_left`` is None until the speed is known.
    """

    done: int
    offsets: int
    seconds_left: float | None = None

    def __str__(self) -> str:
        share = 100 * self.done // self.offsets if self.offsets else 100
        left = "" if self.seconds_left is None else f", about {self.seconds_left:,.0f} s left"
        return f"{share} % of its changelog is read ({self.done:,} of {self.offsets:,} offsets){left}"


@dataclass(slots=True)
class GroupStatus:
    """The status of one partition group.

    ``opening``: its state is being read; ``open``: its records are processed; ``failed``: it will be opened again
    soon; ``stopped``: a person must decide, see ``reason``. ``upto`` is in ms since 1970, 0 while it is not known.
    ``progress`` is when the group last committed, restored, or had no lag, in seconds of ``time.monotonic``.
    """

    state: GroupState = "opening"
    reason: str = ""
    upto: int = 0
    progress: float = 0.0
    lag: dict[str, int] = field(default_factory=dict)
    """By input topic, the records in the log that no commit covers yet."""
    transitions_end: int = 0
    """An offset of the transitions topic: what is committed before it is in memory."""
    restore: Restore | None = None
    """How far the changelog is read, while it is."""
    policy: int = 0
    """The number of the policy in force, 0 while it is not known."""
    policy_version: str = ""
    opened_in: float | None = None
    """How many seconds it took to open it the last time."""


@dataclass(slots=True)
class WorkerStatus:
    """All groups by partition. ``assigned``: Kafka has given this worker its share, which may be nothing."""

    assigned: bool = False
    groups: dict[int, GroupStatus] = field(default_factory=dict)
    silence: str = ""
    """What Kafka has not answered, and for how long; empty while it answers."""
    policies: str = ""
    """Why it is not known which policy is in force, so that time stands still; empty while it is known."""

    def tell_of_policies(self, trouble: str) -> None:
        """Take over why the policy in force is not known."""
        self.policies = trouble

    @property
    def ready(self) -> bool:
        """Whether Kafka answers, the policy is known, and it is assigned and recovered: every group is open."""
        is_open = self.assigned and all(group.state == "open" for group in self.groups.values())
        return is_open and not self.silence and not self.policies

    @property
    def lag(self) -> Mapping[TopicPartitionName, int]:
        """Records not yet covered by a commit, by (input topic, partition)."""
        return {
            (topic, partition): records
            for partition, group in self.groups.items()
            for topic, records in group.lag.items()
        }
