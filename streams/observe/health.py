"""The health of a worker: whether it is ready, what it lacks, and how far it has come."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any

from agents.mirror import Mirror, MirrorStatus
from schemas import instant
from streams.observe.stage_counts import StageCounts
from streams.observe.worker_tally import WorkerTally
from streams.partitions.status import GroupStatus, Restore, WorkerStatus


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a worker, read at the moment of a request. ``mirror`` is None without Redis.

    ``own_version`` and ``policy_stages`` are the version and the stages of the policy that the worker began with.
    """

    status: WorkerStatus
    own_version: str
    policy_stages: tuple[str, ...]
    stage_counts: StageCounts
    tally: WorkerTally
    mirror: Mirror | None

    @property
    def policies(self) -> Mapping[str, int]:
        """The versions of the policies in force, with their numbers; several while one takes the place of another."""
        found = {it.policy_version: it.policy for it in self.status.groups.values() if it.policy}
        return found or {self.own_version: 0}

    @property
    def policy_version(self) -> str:
        """The version of the policy in force, the newer one while one takes the place of another."""
        return max(self.policies.items(), key=itemgetter(1))[0]

    @property
    def stages(self) -> Mapping[str, int]:
        """The number of customers by lifecycle stage."""
        return self.stage_counts.total()

    @property
    def mirror_status(self) -> MirrorStatus | None:
        """The state of the mirror, None without one."""
        return None if self.mirror is None else self.mirror.status

    def missing(self) -> list[str]:
        """Return what the worker lacks to be ready, in words."""
        lacks = [it for it in (self.status.silence, self.status.policies) if it]
        if not self.status.assigned and not lacks:
            lacks = ["Kafka has not given this worker its partitions yet"]
        for partition, group in sorted(self.status.groups.items()):
            if group.state != "open":
                why = "; ".join(str(it) for it in (group.reason, group.restore) if it)
                lacks.append(f"partition {partition} is {group.state}{f': {why}' if why else ''}")
        return lacks

    def document(self) -> dict[str, Any]:
        """Return the health as a JSON object."""
        status, now, mirror = self.status, time.monotonic(), self.mirror_status
        return {
            "live": True,
            "ready": status.ready,
            "missing": self.missing(),
            "policy_version": self.policy_version,
            "customers": dict(self.stages),
            "tally": self.tally.document(),
            "lag_records": sum(status.lag.values()),
            "partitions": {str(partition): _group(it, now) for partition, it in sorted(status.groups.items())},
            "mirror": None if mirror is None else asdict(mirror),
        }


def _group(group: GroupStatus, now: float) -> dict[str, Any]:
    return {
        "state": group.state,
        "reason": group.reason,
        "upto": instant.to_text(group.upto) if group.upto else None,
        "seconds_since_progress": round(now - group.progress, 1),
        "lag_records": group.lag,
        "policy": group.policy,
        "policy_version": group.policy_version,
        "restore": None if group.restore is None else _restore(group.restore),
    }


def _restore(restore: Restore) -> dict[str, Any]:
    left = restore.seconds_left
    return {
        "offsets_done": restore.done,
        "offsets": restore.offsets,
        "seconds_left": None if left is None else round(left, 1),
    }
