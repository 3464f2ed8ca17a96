"""The published policies, and which of them was in force in each partition: by the topic, and by the changelog."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.published import FORGOTTEN, Published, Transition
from tests.chaos.verdict.stored import POSITION_KEY
from tests.chaos.verdict.topics import Seen
from tests.reference_model.__main__ import Dated
from tests.reference_model.calendar import read_instant
from tests.reference_model.version import version

LEAD_MS = 10_000
"""So long after its publication, every worker knows a policy."""


@dataclass(frozen=True)
class Policy:
    """A published policy: its version as the oracle derives it, when it is to take effect, and its file."""

    version: str
    at: int
    published_at: int
    silent: bool
    file: Path


@dataclass(frozen=True)
class Change:
    """A policy that took effect: from the batch after ``batch`` of its partition on."""

    number: int
    at: int
    batch: int


def read(records: Iterable[Seen], folder: Path) -> dict[int, Policy]:
    """The published policies by number; their texts are written into the folder."""
    found: dict[int, Policy] = {}
    for record in records:
        given = json.loads(record.value or b"")
        file = folder / f"published-{given['number']}.toml"
        file.write_text(given["toml"], "utf-8")
        at, published_at = read_instant(given["effectiveAt"]), read_instant(given["publishedAt"])
        assert at is not None
        assert published_at is not None
        assert given["number"] == len(found) + 1
        found[given["number"]] = Policy(version(given["toml"]), at, published_at, given["silent"], file)
    return found


class InForce:
    """What was in force in each partition, and since when.

    Each partition must change at the instant of the publication, or at where it had come to, if that was beyond it. The
    number never falls, and in force is the highest of those whose instant is over.
    """

    def __init__(self, published: dict[int, Policy], changelog: Iterable[Seen], findings: Findings) -> None:
        self.published = published
        self.changes: dict[int, list[Change]] = defaultdict(list)
        uptos: dict[int, list[int]] = defaultdict(list)
        for record in changelog:
            if record.key == POSITION_KEY and record.value is not None:
                marker = msgspec.msgpack.decode(record.value)
                self._take(record.partition, marker, uptos[record.partition], findings)
                uptos[record.partition].append(marker["upto"])
        for partition, reached in uptos.items():
            due = max(number for number, it in published.items() if it.at < reached[-1])
            if self.changes[partition][-1].number != due:
                findings.add("wrong_state", f"partition {partition} at {reached[-1]} is not under policy {due}")
        findings.figures["policies"] = len(published)
        findings.figures["changes_of_policy"] = sum(len(it) - 1 for it in self.changes.values())

    def later(self, partition: int) -> tuple[Dated, ...]:
        """The policies that followed the first, as the oracle takes them."""
        return tuple(
            (it.at, self.published[it.number].file, self.published[it.number].silent)
            for it in self.changes[partition][1:]
        )

    def closed_until(self, partition: int, batch: int) -> int:
        """The instant until which no fact of a batch could count any more, since a policy took effect before it."""
        return max((it.at for it in self.changes[partition][1:] if it.batch <= batch), default=0)

    def compare(self, published: dict[str, Published], findings: Findings) -> None:
        """Demand of each transition that it names the policy in force at its instant."""
        for user_id, each in published.items():
            for value in each.values:
                wanted = self._versions(each.partition, value)
                if value["properties"]["policy_version"] not in wanted:
                    words = f"{value['messageId']} of {user_id} at {value['timestamp']} is not by {' or '.join(wanted)}"
                    findings.add("wrong_transitions", words, user_id)

    def _versions(self, partition: int, value: Transition) -> set[str]:
        at = read_instant(value["timestamp"])
        changes = self.changes[partition]
        assert at is not None
        before = bisect_left([it.at for it in changes[1:]], at)
        names = [self.published[it.number].version for it in changes]
        if before + 1 == len(changes) or changes[before + 1].at != at:
            return {names[before]}
        if value["event"] == FORGOTTEN:  # a request at that very instant may be carried out before or after it
            return {names[before], names[before + 1]}
        return {names[before + 1] if value["properties"]["cause"] == "policy" else names[before]}

    def _take(self, partition: int, marker: dict[str, int], uptos: list[int], findings: Findings) -> None:
        number, at, changes = marker["policy"], marker["policy_at"], self.changes[partition]
        reached = uptos[-1] if uptos else 0
        if changes and changes[-1].number == number:
            if changes[-1].at != at:
                words = f"partition {partition}: policy {number} holds since {changes[-1].at}, and since {at}"
                findings.add("wrong_state", words)
            return
        if changes:
            policy = self.published[number]
            # A policy that was published late finds partitions that are beyond its instant; seconds later all know it.
            is_in_time = at == policy.at or at <= policy.published_at + LEAD_MS
            if number < changes[-1].number or at != max(policy.at, reached) or not is_in_time:
                words = (
                    f"partition {partition} at {reached} changed at {at} to policy {number}, which was for {policy.at}"
                )
                findings.add("wrong_state", words)
        changes.append(Change(number, at, len(uptos)))
