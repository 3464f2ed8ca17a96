"""Every step of a batch, and of opening a partition, with everything that can go wrong there; and two in a row."""

import gc
from collections.abc import Iterable, Sequence
from itertools import product

import pytest

from agents import commit, track
from agents.batch import Batch, Outcome
from streams.partitions import assignment
from tests.chaos.matrix import clock
from tests.chaos.matrix.faults import Fault, every
from tests.chaos.matrix.transaction import CrashedError, ModelTransaction
from tests.chaos.matrix.world import World

# Of the pairs every so manieth: with all of them the matrix takes a minute.
STRIDE = 5


def played(monkeypatch: pytest.MonkeyPatch, faults: Sequence[Fault]) -> World:
    world = World(faults)

    def end_process(reason: str) -> None:
        raise CrashedError(reason)

    monkeypatch.setattr(assignment, "GroupTransaction", world.transaction)
    monkeypatch.setattr(assignment, "read_changelogs", world.read_changelogs)
    monkeypatch.setattr(assignment, "end_process", end_process)
    # Nothing is freed here that is worth thousands of looks through all of memory.
    monkeypatch.setattr(gc, "collect", lambda: 0)
    clock.run(world.play())
    return world


def failures(monkeypatch: pytest.MonkeyPatch, cases: Iterable[Sequence[Fault]]) -> dict[str, list[str]]:
    found = {}
    for faults in cases:
        problems = played(monkeypatch, faults).problems()
        if problems:
            found[", then ".join(map(str, faults))] = problems
    return found


@pytest.mark.parametrize("nth", [1, 2, 4])
def test_one_fault_anywhere(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    assert failures(monkeypatch, ([fault] for fault in every(nth))) == {}


def test_every_place_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing is discarded before something was opened, and a worker that dies discards nothing.
    assert [str(fault) for fault in every(1) if fault.step != "discard" and not played(monkeypatch, [fault]).met] == []


@pytest.mark.parametrize("part", range(4))
def test_a_fault_after_a_fault(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    pairs = list(product(every(2), every(1)))[::STRIDE]
    assert failures(monkeypatch, pairs[part::4]) == {}


async def unchecked(batch: Batch, marker: bytes, tracker, transaction: ModelTransaction, reached) -> Outcome:
    outcome: Outcome = tracker.compute(batch)
    await transaction.send_changes(outcome.changes, marker)
    await transaction.send_transitions(outcome.transitions)
    await transaction.send_rejects(outcome.rejects)
    await transaction.send_account_events(outcome.account_events, outcome.upto, final=batch.final)
    await transaction.commit()
    tracker.apply(outcome)
    return outcome


async def memory_first(batch: Batch, marker: bytes, tracker, transaction: ModelTransaction, reached) -> Outcome:
    outcome: Outcome = tracker.compute(batch)
    tracker.apply(outcome)
    return await commit.carry_out(batch, marker, tracker, transaction, reached)


async def two_transactions(batch: Batch, marker: bytes, tracker, transaction: ModelTransaction, reached) -> Outcome:
    outcome: Outcome = tracker.compute(batch)
    await transaction.send_transitions(outcome.transitions)
    await transaction.send_rejects(outcome.rejects)
    await transaction.send_account_events(outcome.account_events, outcome.upto, final=batch.final)
    await transaction.commit()
    await transaction.send_changes(outcome.changes, marker)
    await transaction.acknowledged()
    await transaction.commit()
    tracker.apply(outcome)
    return outcome


@pytest.mark.parametrize("wrong", [unchecked, memory_first, two_transactions])
def test_the_matrix_finds_a_wrong_order(monkeypatch: pytest.MonkeyPatch, wrong) -> None:
    monkeypatch.setattr(track, "carry_out", wrong)
    assert failures(monkeypatch, ([fault] for fault in every(2))) != {}
