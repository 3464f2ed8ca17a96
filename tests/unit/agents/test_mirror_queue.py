"""The mirror queue: every change is written once with its transitions, and rewrites cannot hold it up."""

import pytest

from agents import mirror_queue
from agents.batch import Outcome
from agents.mirror_queue import MirrorQueue


def outcome(*keys: bytes, transitions: int = 1) -> Outcome:
    made = Outcome(0, changes=dict.fromkeys(keys, b"snapshot"))
    made.transitions = [(key, b"%s%d" % (key, number), 0) for key in keys for number in range(transitions)]
    return made


def test_a_customer_who_changes_twice_waits_once_with_both_transitions() -> None:
    queue = MirrorQueue()
    queue.add(0, outcome(b"a", b"b"))
    queue.add(0, outcome(b"a", transitions=0))
    queue.add(1, outcome(b"a"))
    queue.add(0, outcome(b"a"))
    assert len(queue) == 3
    assert queue.take(10) == {(0, b"a"): [b"a0", b"a0"], (0, b"b"): [b"b0"], (1, b"a"): [b"a0"]}
    assert len(queue) == 0


@pytest.mark.parametrize(("changed", "rewritten", "taken"), [(20, 0, (8, 0)), (20, 20, (6, 2)), (3, 20, (3, 5))])
def test_a_quarter_of_a_portion_is_kept_for_rewrites(changed: int, rewritten: int, taken: tuple[int, int]) -> None:
    queue = MirrorQueue()
    queue.rewrite(1, [b"r%d" % number for number in range(rewritten)])
    queue.add(0, outcome(*(b"c%d" % number for number in range(changed))))
    portion = queue.take(8)
    assert (sum(it[0] == 0 for it in portion), sum(it[0] == 1 for it in portion)) == taken
    assert len(queue) == changed + rewritten - len(portion)


def test_what_could_not_be_written_comes_again_in_order() -> None:
    queue = MirrorQueue()
    queue.add(0, outcome(b"a", transitions=2))
    (taken,) = queue.take(1).values()
    queue.add(0, outcome(b"a", transitions=1))
    queue.put_back(0, b"a", taken)
    assert queue.take(1) == {(0, b"a"): [b"a0", b"a1", b"a0"]}


def test_transitions_beyond_the_limit_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_queue, "MAX_TRANSITIONS", 3)
    queue = MirrorQueue()
    queue.add(0, outcome(b"a", transitions=2))
    queue.add(1, outcome(b"b", transitions=2))
    assert queue.dropped == 1
    queue.drop(0)
    queue.add(2, outcome(b"c", transitions=2))
    assert queue.dropped == 1, "what has left makes room"
    assert queue.take(9) == {(1, b"b"): [b"b0"], (2, b"c"): [b"c0", b"c1"]}


def test_a_partition_that_leaves_takes_its_rewrites_with_it() -> None:
    queue = MirrorQueue()
    queue.rewrite(0, [b"a", b"b"])
    queue.rewrite(1, [b"c"])
    queue.drop(0)
    assert queue.take(9) == {(1, b"c"): []}
