"""Warnings about conditions: customers left out by mistake, and rules that nobody can join by."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Scalar
from state.conditions.condition import compile_condition
from state.conditions.nodes import Test
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.left_out import left_out
from state.policy.never_joined import never_joined
from state.policy.text import PolicyError
from tests.support.programs import ROOT
from tests.unit.state.conditions.toy import CATALOGUE, Toy


def warned(enter: str, leave: str = "") -> list[tuple[int, str, str]]:
    leaving = f'leave = "{leave}"\n' if leave else ""
    segment = f'[[segments]]\nkey = "k"\nname = "K"\nenter = """{enter}"""\n{leaving}'
    text = f'name = "p"\n[lifecycle.loyal]\nenter = "orders > 5"\n{segment}'
    compiled = read_policy(text, lambda policy: CATALOGUE)
    return [(it.line, it.message, it.fix) for it in compiled.warnings]


@pytest.mark.parametrize(
    ("condition", "missing", "mend"),
    [
        ("kind != 'internal'", "`kind`", "not kind == 'internal'"),
        ("kind not in ['a', 'b']", "`kind`", "not kind in ['a', 'b']"),
        ("kind not in categories", "`kind`", "not kind in categories"),
        ("3 != traits.size", "`traits.size`", "not 3 == traits.size"),
        ("mean_gap_days + 1 != recency_score", "`mean_gap_days + 1` or `recency_score`", None),
        ("orders_7d / orders != 1", "`orders_7d / orders`", "not orders_7d / orders == 1"),
        ("not not kind != 'a'", "`kind`", "not kind == 'a'"),
        ("orders > 1 and (loyal or kind != 'a')", "`kind`", "not kind == 'a'"),
        ("kind != 'a' and traits.x is known", "`kind`", None),
        ("traits.a / traits.b != 1 and traits.a > 0 and traits.b > 0", "`traits.a / traits.b`", None),
        ("kind == 'b' or kind != 'a'", "`kind`", None),
    ],
)
def test_whom_a_comparison_leaves_out_is_told(condition: str, missing: str, mend: str | None) -> None:
    ((line, message, fix),) = warned(condition)
    assert line == 7
    assert f"does not hold for customers whose {missing} is not known" in message
    assert mend is None or f"write `{mend}` to have these too" in fix


@pytest.mark.parametrize(
    "condition",
    [
        "stage != 'new'",
        "orders != 3",
        "'a' not in categories",
        "not kind == 'internal'",
        "not kind != 'internal'",
        "kind is known and kind != 'internal'",
        "kind is not known or kind != 'internal'",
        "recency_score != 3 and recency_score > 1",
        "0 < traits.size != 3",
        "traits.a / 2 != 1 and traits.a > 0",
        "(recency_score != 3 or loyal) and recency_score + orders > 1",
        "(mean_gap_days + 1) is known and mean_gap_days + 1 != 5",
    ],
)
def test_nothing_is_told_where_nobody_is_left_out_or_it_is_meant(condition: str) -> None:
    assert warned(condition) == []


def test_each_comparison_is_told_once_at_the_line_of_its_key() -> None:
    told = warned("kind != 'a' and kind != 'b'", "kind != 'c'")
    assert [(line, re.findall("'(.)'", message)) for line, message, _ in told] == [(7, ["a"]), (7, ["b"]), (8, ["c"])]


def test_the_fix_says_both_ways_in_full() -> None:
    ((_, _, fix),) = warned("kind != 'internal'")
    assert fix == (
        "write `not kind == 'internal'` to have these too, or `kind is known and kind != 'internal'` if they are to be "
        "left out"
    )


NUMBERS: tuple[Scalar | None, ...] = (None, 0, 1, 2, 3, "text")
CUSTOMERS = [
    Toy(traits={name: value for name, value in (("a", a), ("b", b)) if value is not None})
    for a, b in product(NUMBERS, NUMBERS)
]
LEAVES = st.sampled_from(
    [f"traits.{name} {test}" for name in "ab" for test in ("== 1", "!= 1", "!= 2", "not in [1, 2]", "> 1")]
)
CONDITIONS = st.recursive(
    LEAVES, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner), max_leaves=5
)


def holds(condition: str) -> list[bool]:
    compiled = compile_condition(condition, CATALOGUE)
    return [compiled.holds(customer, 0) for customer in CUSTOMERS]


@given(CONDITIONS)
def test_where_nothing_is_told_the_mend_would_change_nothing(condition: str) -> None:
    if not list(left_out(compile_condition(condition, CATALOGUE).tree)):
        mended = re.sub(
            r"(traits\.\w) (!=|not in)", lambda it: f"not {it[1]} {'==' if it[2] == '!=' else 'in'}", condition
        )
        assert holds(mended) == holds(condition)


@pytest.mark.parametrize(
    ("enter", "leave", "why"),
    [
        ("orders > 5 and orders < 3", "", "`orders > 5` excludes `orders < 3`"),
        ("loyal and 5 <= orders < 5", "", "`5 <= orders` excludes `orders < 5`"),
        ("orders > 5 and not orders > 5", "", "`orders > 5` excludes `not orders > 5`"),
        ("orders >= 3", "orders >= 1 or loyal", "whoever meets `orders >= 3` meets `leave` with `orders >= 1`"),
        ("orders > 3", "not orders <= 3", "whoever meets `orders > 3` meets `leave` with `not orders <= 3`"),
        ("loyal and orders >= 3", "loyal", "whoever meets `enter` meets `leave`"),
        ("kind == 'a' and orders_7d > 2", "kind == 'a' or orders > 9", "whoever meets `enter` meets `leave`"),
        ("orders >= 3 and loyal", "orders >= 1 and loyal", "whoever meets `enter` meets `leave`"),
        ("kind == 'a'", "kind is known", "whoever meets `enter` meets `leave`"),
        ("not orders < 3", "not orders <= 1", "whoever meets `not orders < 3` meets `leave` with `not orders <= 1`"),
    ],
)
def test_what_nobody_can_join_is_told(enter: str, leave: str, why: str) -> None:
    ((line, message, _),) = warned(enter, leave)
    assert (line, message) == (7, f"nobody can join: {why}")


@pytest.mark.parametrize(
    ("enter", "leave"),
    [
        ("orders > 5 or orders < 3", ""),
        ("orders >= 5 and orders <= 5", ""),
        ("orders_7d > 5 and orders_30d < 3", ""),
        ("not traits.a > 5 and not traits.a < 7", ""),
        ("orders >= 3", "orders < 2"),
        ("orders >= 3", "orders >= 1 and loyal"),
        ("loyal or orders >= 3", "loyal"),
        ("not kind == 'a'", "not kind == 'b'"),
        ("orders >= 3", ""),
    ],
)
def test_what_somebody_may_join_is_not_told(enter: str, leave: str) -> None:
    assert warned(enter, leave) == []


LIMITS = st.builds(
    "{}traits.{} {} {}".format,
    st.sampled_from(["", "not "]),
    st.sampled_from("ab"),
    st.sampled_from(["<", "<=", ">", ">="]),
    st.integers(0, 3),
)
RULES = st.recursive(
    LIMITS,
    lambda inner: st.builds(
        "{}({} {} {})".format, st.sampled_from(["", "not "]), inner, st.sampled_from(["and", "or"]), inner
    ),
    max_leaves=4,
)


def nobody_joins(enter: Test, leave: Test | None) -> bool:
    return any(told.startswith("nobody can join") for told, _ in never_joined(enter, leave))


@given(RULES, RULES)
def test_nobody_joins_what_nobody_can_join(enter: str, leave: str) -> None:
    joining, leaving = (compile_condition(text, CATALOGUE).tree for text in (enter, leave))
    if nobody_joins(joining, leaving):
        assert not any(holds(f"({enter}) and not ({leave})"))
    if nobody_joins(joining, None):
        assert not any(holds(enter))


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{it.name}" for it in (ROOT / "docs").glob("*.md"))])
def test_the_segments_of_a_page_are_warned_of_nothing(page: str) -> None:
    for example in re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL):
        if example.startswith("[[segments]]"):
            assert read_policy(f'name = "p"\n{example}', catalogue).warnings == ()


def filters_told(condition: str) -> list[str]:
    return told_of(condition)


def test_events_left_out_by_a_filter_are_told() -> None:
    assert filters_told('count("Order Completed", 30, where = channel != "app") > 1') == [
        "in `where`, `channel != 'app'` does not hold for events whose `channel` is not known"
    ]
    assert len(filters_told('count("A", where = a not in ["x"]) > 1 and latest("B", n, where = b != 2) > 1')) == 2


@pytest.mark.parametrize(
    "where", ['not channel == "app"', "hour != 3", 'weekday not in ["Monday"]', "a != 1 and a > 0"]
)
def test_nothing_is_told_of_a_filter_that_leaves_out_nothing_or_is_meant(where: str) -> None:
    assert filters_told(f'count("Order Completed", 30, where = {where}) > 1') == []


@pytest.mark.parametrize(
    ("enter", "told"),
    [
        ("kind == 'a' and kind == 'b'", "nobody can join: `kind == 'a'` excludes `kind == 'b'`"),
        ("loyal and not loyal", "nobody can join: `loyal` excludes `not loyal`"),
        ("orders == 3 and orders == 4", "nobody can join: `orders == 3` excludes `orders == 4`"),
        ("orders_30d >= 3 and orders_90d < 2", "nobody can join: `orders_30d >= 3` excludes `orders_90d < 2`"),
        ("orders > 3 and orders < 2 or loyal", "a part of this is never met: `orders > 3` excludes `orders < 2`"),
        (
            'count("A", where = a == 1 and a == 2) > 1',
            "in `where`, this never holds: `a == 1` excludes `a == 2`",
        ),
        ('count("A", where = hour == 24) > 1', "in `where`, `hour == 24` never holds"),
    ],
)
def test_comparisons_that_exclude_each_other_are_told(enter: str, told: str) -> None:
    assert told_of(enter) == [told]


def test_every_condition_of_a_policy_is_looked_at() -> None:
    text = """name = "p"
[customers]
excluded = "kind == 'a' and kind == 'b'"
[[lifecycles]]
applies_to = "traits.n > 3 and traits.n < 2"
[[signals]]
key = "s"
name = "S"
while = "orders > 3 and orders < 2"
[[signals.steps]]
event = "A"
where = "n > 3 and n < 2"
[[segments]]
key = "k"
name = "K"
enter = "orders > 3"
leave = "orders < -1"
"""
    found = read_policy(text, catalogue).warnings
    assert [it.line for it in found if "never holds" in it.message] == [3, 5, 9, 12, 17]


@pytest.mark.parametrize("everybody", ["true", "kind is known or kind is not known", "not (loyal_x and not true)"])
def test_leaving_out_every_customer_is_told(everybody: str) -> None:
    excluded = everybody.replace("loyal_x", "traits.x")
    found = read_policy(f'name = "p"\n[customers]\nexcluded = "{excluded}"\n', catalogue).warnings
    assert [(it.line, it.message) for it in found] == [(3, "this leaves out every customer")]


def told_of(enter: str, head: str = "") -> list[str]:
    text = f"name = \"p\"\n{head}\n[[segments]]\nkey = \"k\"\nname = \"K\"\nenter = '''{enter}'''\n"
    return [it.message for it in read_policy(text, catalogue).warnings]


@pytest.mark.parametrize(
    "never",
    [
        'bucket("x", 100) < 0',
        'bucket("x", 100) >= 100',
        '100 <= bucket("x", 100)',
        'bucket("x", 100) == 100',
        'bucket("x", 100) in [100, 101]',
        'share("category", "Meat", revenue, 90) > 30',
        'share("category", "Meat", revenue, 90) > 1',
        'top_share("brand", orders, 90) == 50',
        "return_rate(90) >= 1.1",
        "frequency_score > 5",
        "frequency_score + monetary_score >= 11",
        "at_most(orders, 3) > 3",
        "20 < at_most(orders, 3) + at_most(at_least(views_30d, 1), 17)",
        "-at_least(orders, 3) > -3",
        "at_most(at_least(orders, 1), 3) in [0, 4]",
        "orders < 0",
        "orders == 1.5",
        'count("A", 30) < 0',
        'distinct("A", x) > 1000',
        "last_rating > 5",
        "average_rating_30d < 1",
        "orders_7d > orders_30d",
        "orders_90d < orders_30d",
    ],
)
def test_what_never_holds_is_told(never: str) -> None:
    assert f"`{never}` never holds" in told_of(never)


@pytest.mark.parametrize(
    "always",
    [
        'bucket("x", 100) < 200',
        'bucket("x", 100) >= 0',
        '100 > bucket("x", 100)',
        'bucket("x", 100) != 100',
        'bucket("x", 100) not in [100, 200]',
        "at_most(orders, 3) <= 3",
        "at_least(orders, 3) + 1 > 3",
    ],
)
def test_what_holds_for_everybody_is_told(always: str) -> None:
    assert told_of(always) == [f"`{always}` holds for everybody"]


@pytest.mark.parametrize(
    "useful",
    [
        'bucket("x", 100) < 1',
        '1 <= bucket("x", 100) < 99',
        'bucket("x", 100) == 99',
        'bucket("x", 100) in [99, 100]',
        'share("category", "Meat", revenue, 90) > 0.3',
        'share("category", "Meat", revenue, 90) >= 1',
        'share("category", "Meat", revenue, 90) >= 0',
        "frequency_score >= 5",
        "recency_score <= 1",
        "orders < 1",
        "days_since_order > 0",
        "orders_30d > orders_7d",
        "revenue_7d == 1.5",
    ],
)
def test_nothing_is_told_of_a_number_that_a_value_can_have(useful: str) -> None:
    assert told_of(useful) == []


def test_whoever_assumes_that_a_share_of_nothing_is_0_is_told_otherwise() -> None:
    share = 'share("category", "Meat", revenue, 90)'
    missing = f"does not hold for customers whose `{share}` is not known"
    assert told_of(f"{share} < 0.1") == [f"`{share} < 0.1` {missing}"]
    assert told_of(f"0.1 >= {share}") == [f"`0.1 >= {share}` {missing}"]
    for meant in (
        f"not {share} >= 0.1",
        f"{share} is known and {share} < 0.1",
        f"0.05 < {share} < 0.1",
        f"{share} < 0.1 or orders_90d == 0",
    ):
        assert told_of(meant) == []
    assert told_of("days_since_order < 30 and average_rating_30d < 3") == [], "nobody takes these for 0"


def test_who_is_held_out_must_be_declared() -> None:
    with pytest.raises(PolicyError) as wrong:
        told_of("orders > 1 and not holdout")
    (problem,) = wrong.value.problems
    assert "the policy declares no `holdout`" in problem.message
    assert problem.fix.startswith("declare who is held out: write a table [holdout] with")
    assert told_of("orders > 1 and not holdout", '[holdout]\nname = "2026"\npercent = 5') == []
