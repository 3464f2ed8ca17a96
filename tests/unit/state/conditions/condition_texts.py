"""Conditions and toy customers at random."""

from hypothesis import strategies as st

from tests.unit.state.conditions.toy import Toy

_STILL = st.sampled_from(["mean_gap_days", "orders", "traits.age", "2", "0.5", "3", "12.5", "-1"])
_STEPS = st.sampled_from(
    [
        *("orders_7d", "orders_30d", "revenue_7d", "revenue_30d", "average_order_value_7d", "average_order_value_30d"),
        *("age", "days_to_birthday", "age", "days_to_birthday"),
    ]
)
_LINES = st.sampled_from(["days_since_order", "days_since_first_order", "days_to_end"])
_CURVES = st.sampled_from(["p_alive", "recency_score"])
_SIGN = st.sampled_from(["<", "<=", ">", ">="])
_ANY_SIGN = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def _calculated(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda one, sign, two: f"({one} {sign} {two})", operands, st.sampled_from("+-*/"), _STILL | _STEPS
    ).filter(lambda text: "/ 0)" not in text)


def _clamped(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    limits = st.sampled_from(["0", "0.5", "2", "3.75", "12", "-1", "30"])
    return st.builds("{}({}, {})".format, st.sampled_from(["at_most", "at_least"]), operands, limits)


_unmoved = st.one_of(_STILL, _STEPS, _calculated(_STEPS), _calculated(_STILL), _STEPS.map(lambda it: f"-{it}"))
_line = st.one_of(_LINES, _calculated(_LINES), _LINES.map(lambda it: f"-{it}"))
_curve = st.one_of(_CURVES, _calculated(_CURVES))
_points = st.one_of(
    _clamped(_unmoved), st.builds("({} {} {})".format, _clamped(_unmoved), st.sampled_from("+-"), _unmoved)
)
_bent = st.one_of(
    _clamped(_line),
    _clamped(_curve),
    _clamped(_clamped(_line)),
    st.builds("({} {} {})".format, _clamped(_line), st.sampled_from("+-*"), _clamped(_unmoved)),
    st.builds("({} + {})".format, _clamped(_LINES), _LINES),
    st.builds("-({} + {})".format, _clamped(_LINES), _clamped(_LINES)),
)
_words = st.lists(st.sampled_from(["0", "1", "2", "3", "10"]), min_size=1, max_size=3).map(", ".join)

comparisons = st.one_of(
    st.builds("{} {} {}".format, _unmoved, _ANY_SIGN, _unmoved),
    st.builds("{} {} {}".format, _STEPS, _ANY_SIGN, st.integers(0, 4)),
    st.builds("{} {} {}".format, _line, _SIGN, _unmoved),
    st.builds("{} {} {}".format, _LINES, _SIGN, st.integers(0, 60)),
    st.builds("{} {} {}".format, _line, _SIGN, _line),
    st.builds("{} {} {}".format, _curve, _ANY_SIGN, _unmoved),
    st.builds("{} {} {}".format, _points, _ANY_SIGN, _unmoved | _points),
    st.builds("{} {} {}".format, _bent, _ANY_SIGN, _unmoved | _points),
    st.builds("{} {} {}".format, _bent, _SIGN, _bent),
    st.builds("p_alive {} {}".format, _SIGN, st.sampled_from([0.9, 0.5, 0.25, 0.01])),
    st.builds("recency_score {} {}".format, _ANY_SIGN, st.integers(0, 6)),
    st.builds("recency_score {} [{}]".format, st.sampled_from(["in", "not in"]), _words),
    st.builds("{} {} [{}]".format, _STEPS, st.sampled_from(["in", "not in"]), _words),
    st.builds("{} <= {} < {}".format, st.integers(0, 4), _STEPS | _LINES | _CURVES, st.integers(1, 9)),
    st.builds(
        "{} is {}".format, _STEPS | _LINES | _STILL.filter(str.isidentifier), st.sampled_from(["known", "not known"])
    ),
    st.sampled_from(["loyal", "stage == 'new'", "'Dairy' in categories", "kind == 'business'", "traits.vip"]),
)

texts = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        inner.map("(not {})".format),
    ),
    max_leaves=5,
)

toys = st.builds(
    Toy,
    orders=st.lists(st.tuples(st.integers(0, 600), st.sampled_from([1.0, 2.5, 3.0, 10.0, 0.0])), max_size=6),
    gap=st.none() | st.sampled_from([0.0, 1.5, 3.0, 12.5]),
    birth_day=st.none() | st.integers(-40, 90),
    end=st.none() | st.integers(300, 900),
    categories=st.sampled_from([(), ("Dairy",)]),
    loyal=st.booleans(),
    traits=st.dictionaries(st.sampled_from(["age", "kind", "vip"]), st.sampled_from([3, "business", True, 0.5])),
)
