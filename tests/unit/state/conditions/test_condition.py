"""Conditions: their answers, their errors, and their explanations."""

import pytest

from state.conditions.condition import compile_condition, entering, opposite
from state.conditions.errors import ConditionError
from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.rule_set import RuleSet
from tests.unit.state.conditions.toy import CATALOGUE, Toy


def holds(text, toy=None, t=600):
    return compile_condition(text, CATALOGUE).holds(toy or Toy(), t)


@pytest.mark.parametrize(
    "text",
    [
        "mean_gap_days == 3", "mean_gap_days != 3", "mean_gap_days not in [3]",
        "mean_gap_days < 3 or mean_gap_days >= 3",
        "kind != 'business'", "traits.age != 3", "-mean_gap_days < 3", "3 / orders_7d > 0", "3 / orders_7d != 0",
        "mean_gap_days + 1 > 0", "1 + mean_gap_days / orders > 0", "traits.vip",
    ],
)  # fmt: skip
def test_a_missing_value_fails_every_comparison(text):
    assert not holds(text)
    assert holds(f"not ({text})")


def test_known_is_explicit():
    assert holds("mean_gap_days is not known and orders is known and traits.age is not known")
    assert holds("mean_gap_days is known", Toy(gap=0.0))


def test_traits_of_another_kind_are_missing():
    toy = Toy(traits={"age": "old", "country": 3, "vip": 1, "flag": True})
    assert not holds("traits.age > 3 or traits.country == 'DE' or traits.vip or traits.flag == 1", toy)
    assert holds("traits.age is known and traits.flag and traits.vip == 1", toy)


def test_lists_texts_and_flags():
    toy = Toy(categories=("Dairy",), traits={"kind": "business"}, loyal=True)
    assert holds("'Dairy' in categories and 'Meat' not in categories and kind in ['business', 'channel']", toy)
    assert holds("loyal == true and loyal and not (loyal != True) and stage == 'new'", toy)


@pytest.mark.parametrize(
    "text",
    [
        "true", "True and not false", "loyal", "not traits.vip or loyal", "(orders + revenue_7d) is known",
        "(orders + mean_gap_days) is not known", "traits.age / 2 is not known", "+orders == -(-0)", "1_000 > orders",
        "0x10 > orders", "1e2 > orders", "stage in ('new',)", "stage in {'new', 'loyal'}", "kind is not known",
        "'new' == stage", "orders in [0, -1, 2.5]", "p_alive in [1] or p_alive is not known", "1 < 2",
        "recency_score == 3 or recency_score is not known", "days_since_order == days_since_first_order or orders == 0",
        "not (days_since_order > recency_score)",
    ],
)  # fmt: skip
def test_what_may_be_written_besides_comparisons(text):
    assert holds(text, Toy(loyal=True))


def test_several_lines_and_comments():
    assert holds("orders == 0  # nobody (yet\n  and stage == 'new'\n  and not loyal")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("  ", 1, "is empty"),
        ("ordrs > 3", 1, "did you mean `orders`"),
        ("orders > 3 and ordrs > 3", 16, "no feature `ordrs`"),
        ("orders = 3", 1, "`==`"),
        ("orders > 1 AND loyal", 1, "small letters"),
        ("orders > 1 && loyal", 13, "`and`"),
        ("orders > 3) or (loyal", 1, "one condition"),
        ("(orders > 3", 1, "parenthesis"),
        ("revenue_7d > 1,000", 1, "without commas"),
        ("revenue_7d > 1000€", 18, "without a unit"),
        ("orders", 1, "yes or no"),
        ("stage", 1, "is known"),
        ("orders > 'a'", 10, "same sort"),
        ("stage > 'a'", 1, "numbers only"),
        ("stage == 'atrisk'", 10, 'did you mean "at_risk"'),
        ("stage in ['new', 'old']", 10, 'never "old"'),
        ("stage in [3]", 10, "text"),
        ("stage == ['new']", 10, "`in` before a list"),
        ("stage in 'new'", 10, "not a list"),
        ("categories == 'Dairy'", 1, "in categories"),
        ("3 in categories", 1, "ask for a text"),
        ("kind in []", 9, "texts or numbers"),
        ("kind in ['a', 1]", 9, "mixes"),
        ("len(kind) > 3", 1, "no function"),
        ("kind.upper() == 'A'", 1, "no function"),
        ("orders.x > 3", 1, "only traits"),
        ("__import__('os')", 1, "no function"),
        ("(lambda: 3) == 3", 2, "not part of the language"),
        ("orders ** 2 > 3", 1, "not part of the language"),
        ("orders > None", 10, "is known"),
        ("orders is 3", 1, "`==`"),
        ("known > 3", 1, "after `is`"),
        ("(orders > 3) + 1 > 2", 2, "part of another"),
        ("traits.a == traits.b", 1, "two traits"),
        ("orders / 0 > 1", 1, "by zero"),
        ("orders > 1e300", 10, "too large"),
        ("1 < orders in [2]", 1, "chain"),
        ("orders in [1, 1 / 2]", 11, "as they stand"), ("orders in [true]", 11, "as they stand"),
        ("orders in [-(1 / 3)]", 11, "as they stand"), ("orders in [+(1 / 3)]", 11, "as they stand"),
        ("orders in [1, --(2 - 3)]", 11, "as they stand"),
        ("traits.a in ['DE' 'FR']", 14, "comma between"), ("kind == 'a' 'b'", 9, "comma between"),
        ("+traits.a == 'x'", 14, "a number and"), ("+traits.vip", 1, "a number, not"),
        ("'x' == +traits.a", 8, "a text and"), ("+traits.a in ['x']", 14, "a number and"),
        ("+traits.a in categories", 1, "ask for a text"),
        ("3 is known", 1, "always known"), ("orders > 2 or true is known", 15, "always known"),
        ("orders > 1e15 + 1", 10, "too large"), ("orders > 3 * -4e14", 10, "too large"),
        ("recency_score + days_since_order > 3", 1, "straight lines"),
        ("days_since_order in [3]", 1, "single millisecond"), ("1 / recency_score > 3", 1, "divides by"),
        ("loyal > false", 1, "numbers only"), ("orders % 2 == 1", 1, "not part of the language"),
        ("kind == f'a'", 9, "not part of the language"), ("orders > 2 is known", 1, "after `is`"),
        ("days_since_order == 3", 1, "single millisecond"),
        ("days_since_order * days_since_first_order > 3", 1, "move with every moment"),
        ("1 / days_since_order > 3", 1, "divides by"),
        ("p_alive - recency_score > 0", 1, "straight lines"),
        ("\x00", 1, "cannot be read"),
        ("orders > 3 or " * 400, 1, "longer"),
        ("not " * 300 + "loyal", 1, "nested too deeply"), ("orders + " * 150 + "1 > 3", 1, "nested too deeply"),
        ("(" * 1500 + "orders > 3" + ")" * 1500, 200, ""),
        ("orders > 3 and\n  ordrs > 3", 3, "no feature"),
    ],
)  # fmt: skip
def test_errors_say_where_and_how_to_fix(text, column, message):
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, CATALOGUE)
    assert caught.value.column == column
    assert caught.value.row == 1 + text.count("\n")
    assert message in str(caught.value)
    assert caught.value.fix


def test_a_column_counts_characters_and_not_bytes():
    with pytest.raises(ConditionError) as caught:
        compile_condition("kind == 'größer' and ordrs > 1", CATALOGUE)
    assert caught.value.column == 22


def test_reasons_show_values_against_limits():
    toy = Toy(orders=[(0, 312.5), (590, 0.0)], gap=29.52)
    why = compile_condition(
        "orders_30d >= 1 and (revenue_7d > 5 or days_since_order < 2 * mean_gap_days)", CATALOGUE
    ).why
    assert why(toy, 600) == "orders_30d 1 >= 1; days_since_order 1 < (2 * mean_gap_days) 59.04"
    assert why(toy, 3000) == "orders_30d 0 < 1; revenue_7d 0 <= 5; days_since_order 241 >= (2 * mean_gap_days) 59.04"
    assert compile_condition("mean_gap_days > 3", CATALOGUE).why(Toy(), 0) == "mean_gap_days is not known"
    assert compile_condition("not stage in ['new']", CATALOGUE).why(Toy(), 0) == "stage \"new\" in ['new']"


def test_entering_needs_the_leaving_limit_to_be_past():
    enter = compile_condition("orders_30d >= 2", CATALOGUE)
    leave = compile_condition("days_since_order > 5", CATALOGUE)
    both = entering(enter, leave)
    toy = Toy(orders=[(590, 1.0), (600, 1.0)])
    assert both.holds(toy, 650)
    assert not both.holds(toy, 651)
    assert both.why(toy, 600) == "orders_30d 2 >= 2; days_since_order 0 <= 5"
    assert both.names == {"orders_30d", "days_since_order"}
    assert both.windows == {30}
    assert entering(enter, opposite(enter)) is enter


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("traits.age > 3", "traits.age is no number"),
        ("3 <= traits.age", "traits.age is no number"),
        ("traits.country in ['DE', 'FR']", "traits.country is no text"),
        ("traits.country == 'DE'", "traits.country is no text"),
        ("traits.flag == 1", "traits.flag is no number"),
        ("traits.gone == 1", "traits.gone is not known"),
        ("traits.age + 1 > 3", "traits.age + 1 is not known"),
        ("traits.age", "not traits.age"),
        ("traits.age < mean_gap_days", "traits.age is no number"),
        ("mean_gap_days < traits.age", "mean_gap_days is not known"),
    ],
)
def test_a_trait_of_another_kind_is_told_as_that(text, why):
    toy = Toy(traits={"age": "old", "country": 3, "flag": True})
    assert compile_condition(text, CATALOGUE).why(toy, 600) == why


@pytest.mark.parametrize(
    ("enter", "leave", "why"),
    [
        ("orders >= 2", "orders <= 1", "orders 2 >= 2"),
        ("orders >= 2", "orders > 3", "orders 2 >= 2; orders 2 <= 3"),
        ("2 <= orders <= 3", "orders < 1 or orders > 5", "2 <= orders 2; orders 2 <= 3"),
        ("orders > 1", "orders < 2 or mean_gap_days > 9", "orders 2 > 1; orders 2 >= 2; mean_gap_days is not known"),
        (
            "orders >= 2",
            "orders is not known or days_since_order is not known",
            "orders 2 >= 2; days_since_order is known",
        ),
        ("1 < orders + orders_7d", "orders is not known", "1 < (orders + orders_7d) 4"),
        ("stage in ['new']", "stage not in ['new']", "stage \"new\" in ['new']"),
    ],
)
def test_what_follows_is_not_said_again(enter, leave, why):
    both = entering(compile_condition(enter, CATALOGUE), compile_condition(leave, CATALOGUE))
    toy = Toy(orders=[(590, 1.0), (600, 1.0)])
    assert both.holds(toy, 600)
    assert both.why(toy, 600) == why


def test_a_printed_comparison_is_true_of_the_digits_printed():
    toy = Toy(orders=[(590, 100.0), (590, 100.004), (590, 100.0)], gap=2.00004)
    why = compile_condition("average_order_value_7d > 100 and mean_gap_days > 2 and mean_gap_days < 2.1", CATALOGUE).why
    assert why(toy, 600) == "average_order_value_7d 100.0013 > 100; mean_gap_days 2.00004 > 2; mean_gap_days 2 < 2.1"


def test_what_time_cannot_bring_about_is_never_looked_for():
    toy = Toy(orders=[(0, 1.0)])
    assert compile_condition("orders_30d >= 2 and recency_score > 3", CATALOGUE).begins(toy, 600) is None
    assert not toy.reads


def test_a_century_is_the_end():
    toy = Toy(orders=[(600, 1.0)])
    assert compile_condition("days_since_order > 1e14", CATALOGUE).begins(toy, 600) is None
    assert compile_condition("days_since_order > 1e9", CATALOGUE).begins(toy, 600) == 600 + 10**10 + 1


def test_no_conditions_are_an_empty_answer():
    assert RuleSet([]).now_and_later(Toy(), 0, 9, ()) is None


def _nought() -> int:
    return 0


def test_a_feature_that_cannot_be_foreseen_is_refused():
    with pytest.raises(ValueError, match="without a window"):
        Feature(name="x", unit="", meaning="", formula=Formula(_nought), parts=0, trend=Trend.FREE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stage in ['new',  # fresh\n  'loyal']", "stage \"new\" in ['new', 'loyal']"),
        ("orders_7d +  # those # of the week\n 1 < 9", "(orders_7d + 1) 1 < 9"),
        ("orders_7d + \\\n 1 < 9", "(orders_7d + 1) 1 < 9"),
        ("traits.a == 'x  # y'", "traits.a \"x  # y\" == 'x  # y'"),
        ("traits.a in ['x  # y',\n\"it's\"]", "traits.a \"x  # y\" in ['x  # y', \"it's\"]"),
        ("traits.a != 'x # y'  # one blank", "traits.a \"x  # y\" != 'x # y'"),
        ("traits.a != \"\\\"  #\"", "traits.a \"x  # y\" != \"\\\"  #\""),
        ("traits.a != \"\"\"x\n  y\"\"\"", "traits.a \"x  # y\" != \"\"\"x\\n  y\"\"\""),
    ],
)  # fmt: skip
def test_why_has_texts_as_they_are_and_no_comments(text, why):
    toy = Toy(traits={"a": "x  # y"})
    assert compile_condition(text, CATALOGUE).why(toy, 600) == why


def test_the_comments_of_a_condition_do_not_hide_what_is_joined_to_it():
    condition = compile_condition("orders_7d > 1  # many\n and orders_30d > 2  # (of the month)", CATALOGUE)
    assert opposite(condition).text == "not (orders_7d > 1 and orders_30d > 2)"
