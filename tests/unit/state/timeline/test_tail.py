"""The tail is the same facts, however many they are and whether somebody has looked at them before."""

import pytest

from schemas.events import Browsed
from state.timeline.tail import Tail, tail_of


def facts(count: int) -> list[Browsed]:
    return [Browsed(at=1_600_000_000_000 + it, message_id=f"m{it}", event="Product Viewed") for it in range(count)]


@pytest.mark.parametrize("count", [1, 15, 16, 70_000])
def test_what_was_appended_is_read(count: int) -> None:
    made = facts(count)
    tail = Tail()
    tail.append(made[: count // 2])
    tail.append(made[count // 2 :])
    assert (tail.count, tail.begin, tail.end) == (count, made[0].at, made[-1].at)
    assert tail.has_id(f"m{count - 1}") and not tail.has_id(f"m{count}")
    assert Tail(tail.stored, tail.count, tail.begin, tail.end).facts == made == tail.facts


def test_a_tail_that_was_read_can_be_appended_to() -> None:
    first, *later = facts(3)
    tail = tail_of([first])
    assert tail.facts == [first]
    tail.append(later)
    assert tail.facts == [first, *later] == Tail(tail.stored, tail.count, tail.begin, tail.end).facts
    assert (tail_of([]).count, tail_of([]).facts) == (0, [])
