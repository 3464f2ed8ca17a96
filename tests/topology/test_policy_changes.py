"""Partition groups that change their policy publish what a backtest through the same policies does, byte for byte."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.batch import Position
from agents.policies import Policies, PublishedPolicy
from agents.tracker import Tracker
from schemas.event_types import BROWSING
from state.rules.rulebook import Rulebook
from state.timeline.history import LaterRules
from streams.partitioner import partition_by
from streams.partitions.partition_group import PartitionGroup
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.sources import simulated
from streams.sources.source import SourceEvent
from streams.topics import topics_of
from tests.reference_model.changes_of_policy import Changes
from tests.support.comparison import backtest, by_customer
from tests.unit.streams.partitions.test_partition_group import Fetched

SETTINGS = Settings(clock="stream", batch_records=40)
INPUTS = topics_of(SETTINGS).inputs
PARTITIONS = 2
partition_of = partition_by("murmur2", PARTITIONS)


def with_ends(events: Sequence[SourceEvent]) -> list[SourceEvent]:
    """Add an event in each partition at one instant, so that all groups come equally far."""
    names = (f"last-{number}" for number in range(100))
    last = {partition_of(name.encode()): name for name in names}
    at = events[-1].instant + 1
    found = []
    for name in last.values():
        value = f'{{"type":"page","messageId":"m","userId":"{name}","timestamp":{at}}}'.encode()
        found.append(SourceEvent(at, BROWSING, name.encode(), value))
    return [*events, *found]


def decided(partition: int, events: Sequence[SourceEvent], policies: Policies, first: Rulebook) -> list[bytes]:
    """Let a partition group decide all events of its partition, in three workers that follow each other."""
    end = events[-1].instant
    own = [event for event in events if partition_of(event.key or b"") == partition]
    position: Position | None = None
    table: dict[bytes, bytes] = {}
    told: list[bytes] = []
    for batches in (9, 15, 10_000):
        state = Tracker(first, partition, {}, published=policies.rules)
        for key, value in table.items():
            state.restore(key, value)
        group = PartitionGroup(partition, SETTINGS, state, policies)
        group.position = position
        group.open(1, dict.fromkeys(INPUTS, 0))
        fetch(group, own, end)
        for _ in range(batches):
            if (pending := group.next_batch(end)) is None:
                break
            outcome = state.compute(pending.batch)
            state.apply(outcome)
            group.committed(pending)
            told += [value for _, value, _ in outcome.transitions]
        position = group.position
        table = {key: state.snapshot(key) or b"" for key in state.keys()}
    assert position is not None
    assert (position.policy, position.upto) == (len(policies.all), end)
    return told


def fetch(group: PartitionGroup, events: Sequence[SourceEvent], end: int) -> None:
    for buffer in group.buffers:
        of_topic = [event for event in events if buffer.topic.endswith(event.topic)]
        fetched = [Fetched(offset, it.instant, it.key, it.value) for offset, it in enumerate(of_topic)]
        if left := fetched[buffer.next_offset :]:
            buffer.accept(left, end)


@pytest.mark.parametrize("seed", [0, 2])
def test_groups_and_backtest_change_the_policy_alike(tmp_path: Path, seed: int) -> None:
    events = with_ends(simulated.events(customers=25, days=70, start=1_735_689_600_000, seed=seed))
    first, later = Changes(seed, tmp_path).drawn([event.value for event in events])
    rules = load_rules(first)
    following = [LaterRules(at, load_rules(file), silently) for at, file, silently in later if at < events[-1].instant]
    policies = Policies([PublishedPolicy(1, rules.version, 0, False, rules)])
    for number, it in enumerate(following, start=2):
        policies.add(PublishedPolicy(number, it.rules.version, it.at, it.silently, it.rules))
    live = [value for partition in range(PARTITIONS) for value in decided(partition, events, policies, rules)]
    truth = backtest(events, events[-1].instant, rules, following).transitions
    assert by_customer(live) == by_customer(truth)
    assert len(live) > 50
