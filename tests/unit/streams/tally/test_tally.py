"""The tally: parts add up to the whole, in whatever order, and the example that stands first is kept."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.tally.tally import NO_NAME, OTHER, Counted, Tally

REASONS = st.sampled_from(["late", "invalid", "not_json"])
NAMES = st.sampled_from(["Order Compleet", "Gift", ""])
LINES = st.lists(st.one_of(st.none(), st.tuples(st.just("reject"), REASONS), st.tuples(st.just("unknown"), NAMES)))


def tally_of(numbered: list[tuple[int, tuple[str, str] | None]]) -> Tally:
    tally = Tally()
    for number, line in numbered:
        if line is None:
            tally.applied += 1
        elif line[0] == "reject":
            tally.reject(line[1], place=number, example=f"line {number}")
        else:
            tally.apply_unknown(line[1], place=number, example=f"line {number}")
    return tally


@given(LINES, st.lists(st.integers(0, 3)), st.randoms())
def test_tallies_of_parts_make_that_of_the_whole(
    lines: list[tuple[str, str] | None], shares: list[int], random: Random
) -> None:
    numbered = list(enumerate(lines, 1))
    parts = [tally_of(numbered[share::4]) for share in range(4)]
    random.shuffle(parts)
    total = Tally()
    for part in parts:
        total.add(part)
    whole = tally_of(numbered)
    assert total == whole
    assert whole.events == len(lines)


def test_an_event_is_counted_once() -> None:
    tally = Tally(applied=5)
    tally.apply_unknown("Gift")
    tally.find_duplicates(Counted(2, 7, "the same again"))
    tally.reject("late", 3)
    assert (tally.applied, tally.duplicates.count, tally.rejected, tally.unknown_events) == (4, 2, 3, 1)
    assert tally.events == 9
    assert tally.usable
    assert tally.put_aside


def test_nothing_but_unknown_names_is_nothing_usable() -> None:
    tally = Tally()
    assert not tally.put_aside
    tally.apply_unknown("Gift")
    tally.reject("late")
    assert not tally.usable
    tally.find_duplicates(Counted(0))
    assert not tally.usable


def test_names_are_printable_short_and_bounded() -> None:
    tally = Tally(max_names=2)
    for name in ("a\x1b[31m", "x" * 80, "c", "", "a\x1b[31m"):
        tally.apply_unknown(name)
    assert {name: it.count for name, it in tally.unknown.items()} == {
        "a\N{REPLACEMENT CHARACTER}[31m": 2,
        "x" * 64: 1,
        OTHER: 2,
    }
    assert tally.applied == 5
    nameless = Tally()
    nameless.apply_unknown("")
    assert nameless.unknown.keys() == {NO_NAME}
