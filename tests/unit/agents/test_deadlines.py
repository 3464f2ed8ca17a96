"""Deadlines give who is due, when they are due, and nobody twice, however often they are rescheduled."""

from hypothesis import given
from hypothesis import strategies as st

from agents.deadlines import MIN_ENTRIES, SPAN_MS, Deadlines

keys = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
moments = st.integers(0, 6 * SPAN_MS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("due"), keys, st.none() | moments),
        st.tuples(st.just("take"), moments, st.integers(1, 6)),
        st.tuples(st.just("fail"), moments, st.integers(1, 6)),
    ),
    max_size=60,
)


@given(steps)
def test_who_is_due_is_taken_in_order_and_once(plan: list[tuple[str, object, object]]) -> None:
    due_of: dict[bytes, int] = {}
    deadlines = Deadlines(due_of.get)
    now = 0
    for step, first, second in plan:
        if step == "due":
            assert isinstance(first, bytes)
            if isinstance(second, int):
                due_of[first] = second
                deadlines.add(second, first, len(due_of))
            else:
                due_of.pop(first, None)
            continue
        assert isinstance(first, int)
        assert isinstance(second, int)
        now = max(now, first)
        waiting = sorted((due, key) for key, due in due_of.items() if due <= now)
        earliest = deadlines.first()
        assert not due_of or (earliest is not None and earliest <= min(due_of.values()))
        taken = deadlines.take(now, second)
        assert [due_of[key] for key in taken] == [due for due, _ in waiting[:second]]
        assert len(set(taken)) == len(taken)
        if step == "fail":
            assert deadlines.first() == earliest or not taken or (deadlines.first() or 0) <= due_of[taken[0]]
            deadlines.put_back()
            continue
        for key in taken:
            del due_of[key]
        deadlines.done()


def test_a_customer_who_is_rescheduled_for_ever_takes_no_more_room() -> None:
    due_of: dict[bytes, int] = {}
    deadlines = Deadlines(due_of.get)
    for number in range(20 * MIN_ENTRIES):
        due_of[b"a"] = number * 1000
        deadlines.add(number * 1000, b"a", 1)
    assert deadlines.entries <= MIN_ENTRIES + 2
    assert deadlines.take(20 * MIN_ENTRIES * 1000, 5) == [b"a"]
