"""A partition group takes a policy at its instant, and stops where it cannot have it."""

import pytest

from agents.batch import Position
from agents.policies import Policies, PublishedPolicy
from agents.tracker import Tracker
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.partitions.partition_group import PartitionGroup
from streams.settings import Settings
from streams.topics import topics_of
from tests.topology.driver import DAY, START, order
from tests.unit.streams.partitions.test_partition_group import Fetched

SETTINGS = Settings(clock="stream")
INPUTS = topics_of(SETTINGS).inputs
EXTRA = '[[segments]]\nkey = "buyer"\nname = "Buyer"\nenter = "orders >= 1"\n'
OLD = Rulebook(read_policy('name = "p"\n', catalogue))
NEW = Rulebook(read_policy(f'name = "p"\n{EXTRA}', catalogue))
CHANGE = START + DAY


def published(*later: PublishedPolicy) -> Policies:
    return Policies([PublishedPolicy(1, OLD.version, 0, False, OLD), *later])


def second(silent: bool = False) -> PublishedPolicy:
    return PublishedPolicy(2, NEW.version, CHANGE, silent, NEW)


def run(policies: Policies, position: Position | None, instants: list[int]) -> tuple[PartitionGroup, list[list[str]]]:
    """Feed an order for each instant; return the group, and of each batch what was published, by version."""
    state = Tracker(OLD, 0, {}, published=policies.rules)
    group = PartitionGroup(0, SETTINGS, state, policies)
    group.position = position
    group.open(1, dict.fromkeys(INPUTS, 0))
    values = [order(f"c{number}", at, number) for number, at in enumerate(instants)]
    group.buffers[0].accept([Fetched(n, it.time, it.key, it.value) for n, it in enumerate(values)], instants[-1])
    return group, decided(group, state, instants[-1])


def decided(group: PartitionGroup, state: Tracker, now: int) -> list[list[str]]:
    told = []
    while (pending := group.next_batch(now)) is not None:
        outcome = state.compute(pending.batch)
        state.apply(outcome)
        group.committed(pending)
        told.append(
            [f"{pending.position.policy} {it.change.cause.kind} {it.change.at}" for _, it in outcome.publications]
        )
    return told


def test_what_happens_until_the_instant_is_decided_under_the_policy_before() -> None:
    group, told = run(published(second()), None, [START, CHANGE, CHANGE + 1])
    assert told == [
        [f"1 event {START}", f"1 event {CHANGE}"],
        [f"2 policy {CHANGE}"] * 2,
        [f"2 event {CHANGE + 1}"] * 2,
    ]
    assert group.position is not None
    assert (group.position.policy, group.position.policy_at) == (2, CHANGE)


def test_what_changes_silently_is_not_told() -> None:
    group, told = run(published(second(silent=True)), None, [START, CHANGE, CHANGE + 1])
    assert [len(it) for it in told] == [2, 0, 2]
    timeline = group.state.timeline(b"c0")
    assert timeline is not None
    assert set(timeline.head.memberships) == {"buyer"}


def test_who_is_past_the_instant_changes_at_once_and_never_back() -> None:
    late = PublishedPolicy(3, OLD.version, CHANGE - 5, False, OLD)
    policies = published(second())
    assert policies.after(1, CHANGE + 9) == (second(), CHANGE + 9)
    assert policies.after(2, CHANGE + 9) is None
    policies.add(late)
    assert policies.after(1, START) == (late, CHANGE - 5), "it takes the place of the one that was to come"
    assert policies.after(3, CHANGE + 9) is None


def test_groups_that_hear_of_a_policy_after_its_instant_change_where_they_are() -> None:
    for upto in (CHANGE + 7, CHANGE + 9):
        policies = published()
        group, told = run(policies, None, [START, upto])
        policies.add(second())
        state = group.state
        assert isinstance(state, Tracker)
        late = order("new", upto, 9)
        group.buffers[0].accept([Fetched(2, upto + 1, late.key, late.value)], upto + 1)
        told += decided(group, state, upto + 1)
        assert told == [
            [f"1 event {START}", f"1 event {upto}"],
            [f"2 policy {upto}"] * 2,
            [],
        ]
        assert group.position is not None
        assert (group.position.policy, group.position.policy_at) == (2, upto)
        assert group.state.timeline(b"new") is None, "what lies before that is late, for somebody new too"


@pytest.mark.parametrize(
    ("policies", "number", "reason"),
    [
        (published(), 7, "decided under policy 7, and the last one published is 1"),
        (published(PublishedPolicy(2, "p@x", 0, False, None, "policy 2 cannot be read")), 2, "policy 2 cannot be read"),
    ],
)
def test_a_policy_that_cannot_be_had_stops_the_partition(policies: Policies, number: int, reason: str) -> None:
    group, told = run(policies, Position({}, START, policy=number), [START + 1])
    assert (group.status.state, told) == ("stopped", [])
    assert reason in group.status.reason


def test_a_policy_that_would_read_customers_otherwise_stops_the_partition_at_its_instant() -> None:
    other = Rulebook(read_policy('name = "p"\n[time]\nzone = "Europe/Berlin"\n', catalogue))
    group, told = run(
        published(PublishedPolicy(2, other.version, CHANGE, False, other)), None, [START, CHANGE, CHANGE + 1]
    )
    assert told == [[f"1 event {START}", f"1 event {CHANGE}"]]
    assert group.status.state == "stopped"
    assert "cannot go from policy 1 to policy 2: zone in [time] is 'Europe/Berlin'" in group.status.reason


def test_a_policy_that_cannot_be_read_stops_the_partition_at_its_instant() -> None:
    newer = PublishedPolicy(2, "p@x", CHANGE, False, None, "policy 2 cannot be read")
    group, told = run(published(newer), None, [START, CHANGE + 1])
    assert group.status.state == "stopped"
    assert told[0] == [f"1 event {START}"]
