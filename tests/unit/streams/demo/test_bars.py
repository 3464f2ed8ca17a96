"""Bars: as long as their numbers, and nothing that is counted is invisible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.demo.bars import single_bar, stacked_bar
from tests.unit.streams.demo.published import SHIPPED, legend


def test_bars_are_as_long_as_their_numbers() -> None:
    counts = {"new": 1, "repeat": 300, "loyal": 600, "churned": 1}
    looks = SHIPPED.looks
    for solid in (True, False):
        assert len(stacked_bar(counts, looks, 902, 40, solid=solid).plain) == 40
        assert len(stacked_bar(counts, looks, 1804, 40, solid=solid).plain) == 20
        assert stacked_bar({}, looks, 10, 40, solid=solid).plain == ""
    assert all(symbol in stacked_bar(counts, looks, 902, 40, solid=False).plain for symbol in "░▒█x")


MANY = legend(*"abcdefghijkl")
counted = st.dictionaries(st.sampled_from(list(MANY.looks)), st.integers(0, 500))


@given(counted, st.integers(1, 60), st.booleans())
def test_a_stacked_bar_is_as_long_as_its_sum(counts: dict[str, int], width: int, solid: bool) -> None:
    scale = max(sum(counts.values()), 1) * 2
    length = sum(counts.values()) * width / scale
    bar = stacked_bar(counts, MANY.looks, scale, width, solid=solid)
    there = {MANY.looks[it].pattern for it, count in counts.items() if count}
    assert abs(len(bar.plain) - length) <= 1
    if not solid:
        assert len(set(bar.plain)) == min(len(there), len(bar.plain)), "a stage is seen, however few are in it"


@pytest.mark.parametrize(
    ("count", "coloured", "patterned"),
    [(0, "", ""), (1, "▏", "█"), (50, "█████", "█████"), (55, "█████▌", "█████"), (100, "██████████", "██████████")],
)
def test_a_single_bar_shows_every_count_above_zero(count: int, coloured: str, patterned: str) -> None:
    assert single_bar(count, 100, 10, "red", colour=True).plain == coloured
    assert single_bar(count, 100, 10, "red", colour=False).plain == patterned
    assert single_bar(count, 0, 10, "red", colour=True).plain == ""


def test_where_two_stages_meet_in_a_cell_it_shows_both() -> None:
    looks = SHIPPED.looks
    bar = stacked_bar({"new": 3, "loyal": 5}, looks, 8, 1, solid=True)
    (span,) = bar.spans
    assert bar.plain == "▍"
    assert str(span.style) == f"{looks['new'].colour} on {looks['loyal'].colour}"
