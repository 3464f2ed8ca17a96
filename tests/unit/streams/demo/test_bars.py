"""Bars: as long as their numbers, and nothing that is counted is invisible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.demo.bars import COLOURS, PATTERNS, single_bar, stacked_bar


def test_bars_are_as_long_as_their_numbers() -> None:
    counts = {"new": 1, "repeat": 300, "loyal": 600, "churned": 1}
    for colour in (True, False):
        assert len(stacked_bar(counts, 902, 40, colour=colour).plain) == 40
        assert len(stacked_bar(counts, 1804, 40, colour=colour).plain) == 20
        assert stacked_bar({}, 10, 40, colour=colour).plain == ""
    assert all(symbol in stacked_bar(counts, 902, 40, colour=False).plain for symbol in "░▒█x")
    assert len(COLOURS) == 6


@given(st.dictionaries(st.sampled_from(list(COLOURS)), st.integers(0, 500)), st.integers(10, 60), st.booleans())
def test_a_stacked_bar_is_as_long_as_its_sum(counts: dict[str, int], width: int, colour: bool) -> None:
    scale = max(sum(counts.values()), 1) * 2
    length = sum(counts.values()) * width / scale
    assert abs(len(stacked_bar(counts, scale, width, colour=colour).plain) - length) <= 1


@pytest.mark.parametrize(
    ("count", "coloured", "patterned"),
    [(0, "", ""), (1, "▏", "█"), (50, "█████", "█████"), (55, "█████▌", "█████"), (100, "██████████", "██████████")],
)
def test_a_single_bar_shows_every_count_above_zero(count: int, coloured: str, patterned: str) -> None:
    assert single_bar(count, 100, 10, "red", colour=True).plain == coloured
    assert single_bar(count, 100, 10, "red", colour=False).plain == patterned
    assert single_bar(count, 0, 10, "red", colour=True).plain == ""


def test_where_two_stages_meet_in_a_cell_it_shows_both() -> None:
    bar = stacked_bar({"new": 3, "loyal": 5}, 8, 1, colour=True)
    (span,) = bar.spans
    assert bar.plain == "▍"
    assert str(span.style) == f"{COLOURS['new']} on {COLOURS['loyal']}"
    assert set(PATTERNS) == set(COLOURS)
