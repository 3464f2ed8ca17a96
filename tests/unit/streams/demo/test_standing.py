"""Which published transitions stand, and how they are counted over time."""

from collections import Counter

from schemas.change import Cause, Change, Figures, Publication
from schemas.instant import from_text
from schemas.transition import encode
from streams.demo.bars import COLOURS, stacked_bar
from streams.demo.periods import periods_between
from streams.demo.transition_history import build_history, count_stages

DAY = 86_400_000
START = from_text("2017-01-01")
FIGURES = Figures(
    why="why",
    stage="new",
    orders=1,
    revenue=1.0,
    average_order_value=1.0,
    recency_days=0.0,
    mean_gap_days=None,
    patience_days=60.0,
    next_transition=None,
    next_at=None,
)


def change(day: int, to: str, from_: str = "prospect", name: str = "acquired", segment: str | None = None) -> Change:
    return Change(START + day * DAY, segment, name, from_, to, Cause("event", "Order Completed", f"m{day}"))


def published(*publications: Publication) -> list[bytes]:
    return [encode(it, "c", "p@1") for it in publications]


def test_what_was_retracted_does_not_stand_and_what_came_again_does() -> None:
    first, second = change(1, "new"), change(2, "repeat", "new", "repeated")
    values = published(
        Publication(first, FIGURES, 1),
        Publication(second, FIGURES, 2),
        Publication(second, None, 3, correction=True, retracted=True),
        Publication(second, FIGURES, 4, revision=1, correction=True),
        Publication(second, None, 5, revision=1, correction=True, retracted=True),
    )
    found = build_history(reversed(values))
    assert found.by_name() == {"acquired": 1}
    assert (found.published, found.corrections, found.retracted) == (5, 3, 2)
    assert build_history(values[:4]).by_name() == {"acquired": 1, "repeated": 1}


def test_members_are_those_who_did_not_leave() -> None:
    came, left = change(1, "in", "out", "Core", "core"), change(5, "out", "in", "Core", "core")
    values = published(Publication(came, FIGURES, 1), Publication(left, FIGURES, 2))
    assert build_history(values[:1]).members() == {"core": 1}
    assert build_history(values).members() == {}
    assert build_history(values).by_segment() == {("core", "in"): 1, ("core", "out"): 1}


def test_a_customer_is_a_prospect_until_the_first_step() -> None:
    found = build_history(published(Publication(change(3, "new"), FIGURES, 1)))
    cuts = [START + day * DAY for day in (0, 2, 3, 4)]
    seen = {"c": START, "d": START + DAY}
    assert count_stages(found.stages, seen, cuts) == [
        Counter(),
        Counter(prospect=2),
        Counter(prospect=2),
        Counter(new=1, prospect=1),
    ]


def test_periods_fit_on_a_screen_and_end_with_the_data() -> None:
    year = periods_between(START, from_text("2018-01-01T04:01:20Z"))
    assert (year.unit, len(year.rows), year.rows[0].label, year.rows[-1].label) == ("month", 12, "Jan 2017", "Dec 2017")
    assert year.rows[0].end == from_text("2017-02-01")
    assert year.rows[-1].end == from_text("2018-01-01T04:01:20.001Z")
    for days, unit in ((0, "day"), (17, "day"), (100, "week"), (540, "month"), (1500, "quarter"), (20_000, "year")):
        found = periods_between(START + 5, START + 5 + days * DAY)
        assert found.unit == unit
        assert found.rows[-1].end == START + 6 + days * DAY
        assert [row.end for row in found.rows] == sorted({row.end for row in found.rows})


def test_bars_are_as_long_as_their_numbers() -> None:
    counts = {"new": 1, "repeat": 300, "loyal": 600, "churned": 1}
    for colour in (True, False):
        assert len(stacked_bar(counts, 902, 40, colour=colour).plain) == 40
        assert len(stacked_bar(counts, 1804, 40, colour=colour).plain) == 20
        assert stacked_bar({}, 10, 40, colour=colour).plain == ""
    assert all(symbol in stacked_bar(counts, 902, 40, colour=False).plain for symbol in "░▒█x")
    assert len(COLOURS) == 6
