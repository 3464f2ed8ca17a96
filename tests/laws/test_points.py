"""Scores of points change when a look at every hour finds it: limits, windows within each other, run-downs."""

from fractions import Fraction
from functools import cache
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import AnyFact, OrderCompleted
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.support.frequent_looks import HOUR, NOON, decided, events, history_of
from tests.support.histories import DAY

AFTER = 45 * DAY


class Score(NamedTuple):
    """Points for each view, which fade when a first and a second window end, for orders, and for a recent visit."""

    fresh: int
    old: int
    windows: tuple[int, int]
    cap: Fraction
    per_order: int
    order_cap: Fraction
    visit: Fraction
    a_day: int

    @property
    def text(self) -> str:
        first, second = self.windows
        views = f"{self.fresh} * count('Product Viewed', {first}) + {self.old} * count('product_viewed', {second})"
        orders = f"at_most({self.per_order} * orders_{second}d, {float(self.order_cap)})"
        visit = f"at_least({float(self.visit)} - {self.a_day} * days_since_visit, 0)"
        return f"at_most({views}, {float(self.cap)}) + {orders} + {visit}"

    def of(self, history: list[AnyFact], at: int) -> Fraction | None:
        past = [it for it in history if it.at <= at]
        orders = [at // DAY - it.at // DAY for it in past if isinstance(it, OrderCompleted)]
        views = [at // DAY - it.at // DAY for it in past if not isinstance(it, OrderCompleted)]
        if not views:
            return None
        first, second = self.windows
        points = sum(self.fresh * (age < first) + self.old * (age < second) for age in views)
        since = Fraction(at - max(it.at for it in past if not isinstance(it, OrderCompleted)), DAY)
        of_orders = min(Fraction(self.per_order * sum(age < second for age in orders)), self.order_cap)
        return min(Fraction(points), self.cap) + of_orders + max(self.visit - self.a_day * since, Fraction(0))


@cache
def rulebook(score: Score, enter: str, leave: str) -> Rulebook:
    measure = f'[[measures]]\nname = "score"\nvalue = "{score.text}"\n'
    segment = f'[[segments]]\nkey = "s"\nname = "S"\nenter = "score {enter}"\nleave = "score {leave}"\n'
    return Rulebook(read_policy(f'name = "p"\n{measure}{segment}', catalogue))


halves = st.integers(0, 40).map(lambda it: Fraction(it, 2))
scores = st.builds(
    Score,
    fresh=st.integers(1, 10),
    old=st.integers(-3, 5),
    windows=st.sampled_from(((1, 3), (2, 7), (7, 30), (5, 5))),
    cap=halves,
    per_order=st.integers(1, 10),
    order_cap=halves,
    visit=halves,
    a_day=st.sampled_from((1, 2, 4)),
)


@settings(max_examples=settings().max_examples // 2)
@given(scores, events, halves, halves, st.booleans())
def test_a_score_changes_at_the_instants_of_brute_force(
    score: Score, drawn: list[tuple[int, str]], high: Fraction, apart: Fraction, strict: bool
) -> None:
    history, low = history_of(drawn), high - apart
    enter, leave = (f"> {float(high)}", f"< {float(low)}") if strict else (f">= {float(high)}", f"<= {float(low - 1)}")
    found = [(it.change.at, it.change.to) for it in decided(rulebook(score, enter, leave), history)]
    expected, is_in = [], False
    hours = range(NOON, history[-1].at + AFTER + 1, HOUR)
    for at in sorted({*(it + more for it in hours for more in (0, 1)), *(it.at for it in history)}):
        happened = [sum(it.at < at for it in history), sum(it.at <= at for it in history)]
        for count in range(happened[0], happened[1] + 1):
            points = score.of(history[:count], at)
            if points is None:
                continue
            enters = points > high if strict else points >= high
            leaves = points < low if strict else points <= low - 1
            if leaves if is_in else enters and not leaves:
                is_in = not is_in
                expected.append((at, "in" if is_in else "out"))
    assert [it for it in found if it[1] in ("in", "out")] == expected
