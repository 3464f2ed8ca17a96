"""Mathematics decides a condition, not rounding: at every millisecond, and whatever else the policy asks."""

import ast
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schemas.change import Figures, Publication
from schemas.events import AnyFact, Browsed, OrderCompleted
from state.conditions.condition import Condition, compile_condition, opposite
from state.conditions.errors import ConditionError
from state.customer.customer import Customer
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.shape import Policy
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.support.histories import DAY, RULES, START, facts

CATALOGUE = catalogue(Policy(name="any"))
NUMBERS = ("0.1", "0.3", "0.9", "1.1", "3", "0.5", "1 / 3", "33.33", "7.07", "1e-7")
MOVING = ("days_since_order", "days_since_first_order", "days_since_visit", "days_known", "oldest_ticket_days")
STILL = ("mean_gap_days", "average_order_value", "revenue", "orders", "revenue_30d", "average_rating_30d", "views_30d")
SIGNS = st.sampled_from(("<", "<=", ">", ">="))

numbers = st.sampled_from(NUMBERS)
values = st.sampled_from(MOVING + STILL)
terms = st.one_of(
    values,
    st.builds("{} * {}".format, numbers, values),
    st.builds("{} / {}".format, values, numbers),
    st.builds("{} / {}".format, st.sampled_from(MOVING), st.sampled_from(STILL)),
    st.builds("{} * {}".format, st.sampled_from(MOVING), st.sampled_from(STILL)),
    st.builds("{} / ({} * {} - {})".format, values, numbers, st.sampled_from(STILL), numbers),
)
clamped = st.builds("{}({}, {})".format, st.sampled_from(("at_most", "at_least")), terms, numbers)
sums = st.one_of(
    terms,
    clamped,
    st.builds("{} {} {}".format, clamped, st.sampled_from("+-/"), st.one_of(clamped, values)),
    numbers,
    st.builds("{} {} {}".format, terms, st.sampled_from("+-"), st.one_of(terms, numbers)),
    st.builds("-({} {} {})".format, terms, st.sampled_from("+-"), st.one_of(terms, numbers)),
)
comparisons = st.builds("{} {} {}".format, sums, SIGNS, sums)
equations = st.builds("{} {} {}".format, sums, st.sampled_from(("==", "!=")), sums)
SUM = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__"}


def compiled(text: str) -> Condition | None:
    try:
        return compile_condition(text, CATALOGUE)
    except ConditionError:
        return None


def exact_feature(customer: Customer, name: str, at: int) -> Fraction | None:
    """The value of a feature, from whole numbers."""
    purchases = customer.purchases
    first, last, orders = purchases.first(), purchases.last(), purchases.count()
    day = CATALOGUE.day_of(at)
    since = {
        "days_since_order": last,
        "days_since_first_order": first,
        "days_since_visit": customer.engagement.last_visit,
        "days_known": customer.first_event_at,
        "oldest_ticket_days": customer.support.oldest_open(),
    }
    if name in since:
        return None if since[name] is None else Fraction(at - since[name], DAY)  # type: ignore[operator]
    if name == "mean_gap_days":
        return (
            Fraction(last - first, (orders - 1) * DAY)
            if first is not None and last is not None and orders > 1
            else None
        )
    if name == "average_order_value":
        return Fraction(purchases.revenue(), orders * 100) if orders else None
    if name == "revenue":
        return Fraction(purchases.revenue(), 100)
    if name == "revenue_30d":
        return Fraction(purchases.revenue_since(day - 29), 100)
    if name == "average_rating_30d":
        count, total = (customer.support.daily.total(column, day - 29) for column in (2, 3))
        return Fraction(total, count) if count else None
    value = CATALOGUE.features[name].formula.value(customer, at, day)
    return Fraction(value)


def calculated(node: ast.expr, customer: Customer, at: int) -> Fraction | None:
    """The value of an expression, in rational numbers; numbers are what the text says."""
    match node:
        case ast.Constant(value):
            return Fraction(repr(value))
        case ast.Name(name):
            return exact_feature(customer, name, at)
        case ast.Call(ast.Name(clamp), [of, limit]):
            inner, most = calculated(of, customer, at), calculated(limit, customer, at)
            assert most is not None
            return None if inner is None else min(inner, most) if clamp == "at_most" else max(inner, most)
        case ast.UnaryOp(ast.USub(), of):
            inner = calculated(of, customer, at)
            return None if inner is None else -inner
        case ast.BinOp(left, operator, right):
            one, two = calculated(left, customer, at), calculated(right, customer, at)
            if one is None or two is None:
                return None
            if isinstance(operator, ast.Div):
                return one / two if two else None
            answer: Fraction = getattr(one, SUM[type(operator)])(two)
            return answer
        case _:
            raise AssertionError(ast.dump(node))


def truth(text: str, customer: Customer, at: int) -> bool:
    comparison = ast.parse(text, mode="eval").body
    assert isinstance(comparison, ast.Compare)
    left, right = calculated(comparison.left, customer, at), calculated(comparison.comparators[0], customer, at)
    if left is None or right is None:
        return False
    names: dict[type[ast.cmpop], Any] = {
        ast.Lt: left < right,
        ast.LtE: left <= right,
        ast.Gt: left > right,
        ast.GtE: left >= right,
        ast.Eq: left == right,
        ast.NotEq: left != right,
    }
    return bool(names[type(comparison.ops[0])])


def customer_of(history: list[AnyFact], end: int) -> Customer:
    seen = decide_history(history, end, RULES["fixed"])
    assert seen is not None
    return seen.customer


A_DAY_APART = [OrderCompleted(START, "m0", "o0", 999, 1, ()), Browsed(START + DAY, "m1", "Product Viewed")]


@example("0.9 * days_since_order > 0.9 * days_since_visit + 0.9", A_DAY_APART, [27, 43_200_003])
@example("0.1 * orders + 0.2 > 0.3", A_DAY_APART, [0])
@example("days_since_order / (0.1 * orders + 0.2 - 0.3) > 1", A_DAY_APART, [1])
@given(st.one_of(comparisons, equations), facts(), st.lists(st.integers(0, 60 * DAY), min_size=1, max_size=5))
def test_a_condition_holds_when_mathematics_says_so(text: str, history: list[AnyFact], later: list[int]) -> None:
    condition = compiled(text)
    assume(condition is not None)
    assert condition is not None
    end = max(it.at for it in history)
    customer = customer_of(history, end)
    change = condition.begins(customer, end) if not condition.holds(customer, end) else None
    if change is None and condition.holds(customer, end):
        change = opposite(condition).begins(customer, end)
    near = [] if change is None else [change - 2, change - 1, change, change + 1]
    for at in [end, *(end + it for it in later), *near]:
        assert condition.holds(customer, at) == truth(text, customer, at)


@settings(max_examples=settings().max_examples // 2)
@example("0.9 * days_since_order > 0.9 * days_since_visit + 0.9", A_DAY_APART)
@given(comparisons, facts())
def test_between_midnights_time_changes_a_comparison_once_at_most(text: str, history: list[AnyFact]) -> None:
    condition = compiled(text)
    assume(condition is not None)
    assert condition is not None
    at = max(it.at for it in history)
    customer = customer_of(history, at)
    against = opposite(condition)
    changes = []
    for _ in range(12):
        change = (against if condition.holds(customer, at) else condition).begins(customer, at)
        if change is None:
            break
        changes.append(change)
        at = change
    days = [CATALOGUE.day_of(change) for change in changes if change % DAY]
    assert len(days) == len(set(days))


SEGMENT = """
[[segments]]
key = "s{0}"
name = "S{0}"
enter = "{1}"
"""


def rules_of(texts: dict[int, str]) -> Rulebook:
    segments = "".join(SEGMENT.format(number, text) for number, text in texts.items())
    return Rulebook(read_policy(f'name = "many"\n{segments}', catalogue))


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.one_of(comparisons, equations), min_size=2, max_size=5), facts(), st.data())
def test_a_segment_does_not_depend_on_the_others(texts: list[str], history: list[AnyFact], data: st.DataObject) -> None:
    usable = {number: text for number, text in enumerate(texts) if compiled(text) is not None}
    assume(len(usable) > 1)
    gone = data.draw(st.sampled_from(sorted(usable)))
    end = history[-1].at + data.draw(st.sampled_from((0, 1, DAY, 40 * DAY, 400 * DAY)))
    with_all, without = (
        decide_history(history, end, rules_of(it))
        for it in (usable, {number: text for number, text in usable.items() if number != gone})
    )
    assert with_all is not None and without is not None
    kept = [it for it in with_all.published if it.change.key != f"s{gone}"]
    assert [it.change for it in kept] == [it.change for it in without.published]
    assert [figures_without(it, f"s{gone}") for it in kept] == [it.figures for it in without.published]


def figures_without(publication: Publication, segment: str) -> Figures:
    figures = publication.figures
    assert figures is not None
    others = tuple(key for key in figures.segments if key != segment)
    return msgspec.structs.replace(figures, segments=others, segment_count=len(others))
