"""Which functions can be formulas, and that inlining one changes nothing."""

import inspect
from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import AnyFact
from state.conditions.codegen import CodeWriter
from state.conditions.features import Feature
from state.conditions.formula import AGGREGATES, Formula, FormulaError
from state.conditions.kind import Kind
from state.conditions.nodes import FeatureRef
from state.customer.customer import Customer, first_seen
from state.customer.purchases import Purchases
from state.customer.support import Support
from state.features.catalogue import catalogue
from state.policy.lifecycle_shape import Lifecycle, PAlive
from state.policy.shape import Policy, Time
from tests.support.histories import DAY, RULES, facts

ALIVE = PAlive(limit=0.5, churn_limit=0.1, r=0.243, alpha=4.414, a=0.793, b=2.426)
CATALOGUES = [
    catalogue(Policy(name="utc", lifecycle=Lifecycle(patience=ALIVE))),
    catalogue(Policy(name="berlin", time=Time(zone="Europe/Berlin"))),
]


def plain(feature: Feature, customer: Customer, at: int, day: int) -> object:
    """The value of a feature by a call of its function as it stands."""
    formula = feature.formula
    given = {
        "customer": customer,
        **{name: getattr(customer, name) for name in AGGREGATES},
        "at": at,
        "day": day,
        **formula.constants,
    }
    return formula.function(**{name: given[name] for name in inspect.signature(formula.function).parameters})


@settings(max_examples=200, deadline=None)
@given(facts(), st.sampled_from(CATALOGUES), st.sampled_from((0, 1, DAY, 40 * DAY, 400 * DAY)))
def test_an_inlined_formula_is_a_plain_call(history: list[AnyFact], features, later):
    customer = first_seen(history[0].at)
    for fact in history:
        RULES["fixed"].advance(customer, fact, [])
    at = history[-1].at + later
    day = features.day_of(at)
    expected = [plain(it, customer, at, day) for it in features.features.values()]

    assert [it.formula.value(customer, at, day) for it in features.features.values()] == expected

    writer, sure = CodeWriter(features), set[str]()
    values = [writer.operand(FeatureRef(it), sure) for it in features.features.values()]
    assert [*writer.function("values", "all features", f"({', '.join(values)})")(customer, at)] == expected


def test_every_aggregate_is_read_once():
    writer, sure = CodeWriter(CATALOGUES[0]), set[str]()
    code = "".join(writer.operand(FeatureRef(it), sure) for it in CATALOGUES[0].features.values())
    assert [code.count(f"customer.{part}") for part in ("purchases", "engagement", "support")] == [1, 1, 1]


LIMITS = (1.0, 2.5)


def _score(purchases: Purchases, at: int, limits: tuple[float, ...]) -> int | None:
    """It has a docstring, a global function, and a constant of its module."""
    return bisect_right(limits, at) + len(LIMITS) if (orders := purchases.count()) and orders > 1 else None


def test_constants_become_literals():
    formula = Formula(_score, limits=(3.0, 4.0))
    assert formula.inline(str) == (
        "bisect_right((3.0, 4.0), at) + len((1.0, 2.5)) if (_orders := purchases.count()) and _orders > 1 else None"
    )


def _rank(orders: int) -> int:
    return 10 * orders


def _ranked(purchases: Purchases) -> int:
    return _rank(rank) if (rank := purchases.count()) else rank


def test_a_variable_of_a_formula_hides_no_function():
    formula = Formula(_ranked)
    assert formula.inline(str) == "_rank(__rank) if (__rank := purchases.count()) else __rank"
    assert formula.value(first_seen(0), 0, 0) == 0


def _flag(customer: Customer) -> bool:
    return customer.loyal_since is not None


def _text(customer: Customer) -> str:
    return customer.stage


def _texts(purchases: Purchases) -> tuple[str, ...] | None:
    return purchases.categories()


@pytest.mark.parametrize(
    ("formula", "kind", "nullable"),
    [
        (Formula(_score, limits=()), Kind.NUMBER, True),
        (Formula(_flag), Kind.FLAG, False),
        (Formula(_text), Kind.TEXT, False),
        (Formula(_texts), Kind.TEXTS, True),
    ],
)
def test_the_annotation_says_what_a_value_is(formula, kind, nullable):
    assert (formula.kind, formula.nullable) == (kind, nullable)


def _two_returns(purchases: Purchases) -> int:
    if purchases.count():
        return 1
    return 0


def _statement(purchases: Purchases) -> int:
    orders = purchases.count()
    return orders


def _unknown(purchases: Purchases) -> int:
    return purchases.count() + bonus  # type: ignore[name-defined, no-any-return]  # noqa: F821


def _closure():
    bonus = 3

    def formula(purchases: Purchases) -> int:
        return purchases.count() + bonus

    return formula


def _shadow(purchases: Purchases) -> int:
    return purchases.count() + len([it for it in (1, 2)])


def _sometimes(customer: Customer, purchases: Purchases, support: Support) -> int:
    return purchases.count() if customer.loyal_since else len(support.open)


def _second(customer: Customer, purchases: Purchases) -> bool:
    return bool(customer.loyal_since) and purchases.count() > 1


def _untyped(purchases):
    return purchases.count()


def _bytes(purchases: Purchases) -> bytes:
    return bytes(purchases.count())


def _no_unit(purchases: Purchases, unit: int) -> float:
    return purchases.revenue() / unit


@pytest.mark.parametrize(
    ("function", "constants", "reason"),
    [
        (_two_returns, {}, "its body is not one `return`"),
        (_statement, {}, "its body is not one `return`"),
        (_unknown, {}, "`bonus` is not an argument, a constant or a global of its module"),
        (_closure(), {}, "`bonus` is not an argument, a constant or a global of its module"),
        (_shadow, {}, "it has a lambda or a comprehension"),
        (_sometimes, {}, "`purchases` is read only in some cases"),
        (_second, {}, "`purchases` is read only in some cases"),
        (_untyped, {}, "it is not annotated to return a number, a text, a flag or a tuple of texts"),
        (_bytes, {}, "it is not annotated to return a number, a text, a flag or a tuple of texts"),
        (_no_unit, {}, "nothing is given for its argument `unit`"),
        (_flag, {"unit": 100}, "it has no argument `unit`"),
    ],
)
def test_what_cannot_be_inlined_is_refused(function, constants, reason):
    with pytest.raises(FormulaError) as caught:
        Formula(function, **constants)
    assert str(caught.value) == f"the formula `{function.__name__}` cannot be inlined: {reason}"
