"""The parser: a text becomes a tree, or an error with its place and its fix."""

import doctest

import pytest

import state.conditions
from state.conditions.errors import ConditionError
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Known,
    ListLiteral,
    Literal,
    Negative,
    Not,
    Operand,
    Test,
    Trait,
    Truth,
)
from state.conditions.parse import parse_condition
from state.features.catalogue import catalogue
from state.policy.shape import Policy

CATALOGUE = catalogue(Policy(name="any"))
AFTER = "write arguments with a name after all others"
COMMA = "write a comma between two arguments, and `and` or `or` between two comparisons"


def shown(tree: Test | Operand) -> str:
    """The tree in one line: operators as calls, features by name, traits with the kind that they must have."""
    match tree:
        case AllOf(parts) | AnyOf(parts):
            return f"{type(tree).__name__}({', '.join(map(shown, parts))})"
        case Not(part):
            return f"Not({shown(part)})"
        case Comparison(sign, left, right):
            return f"{shown(left)} {sign} {shown(right)}"
        case Known(operand) | Truth(operand):
            return f"{type(tree).__name__}({shown(operand)})"
        case Literal(value):
            return repr(value)
        case ListLiteral(values):
            return repr(list(values))
        case FeatureRef(feature):
            return feature.name
        case Trait(name, kind):
            return f"traits.{name}:{kind.value if kind else 'any'}"
        case Negative(of):
            return f"-{shown(of)}"
        case Clamped(clamp, of, limit):
            return f"{clamp}({shown(of)}, {shown(limit)})"
        case Arithmetic(sign, left, right):
            return f"({shown(left)} {sign} {shown(right)})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("orders > 2", "orders > 2"),
        ("2 < orders", "2 < orders"),
        ("1 <= orders <= 3", "AllOf(1 <= orders, orders <= 3)"),
        ("orders > 2 and loyal", "AllOf(orders > 2, Truth(loyal))"),
        ("orders > 2 or loyal and items > 1", "AnyOf(orders > 2, AllOf(Truth(loyal), items > 1))"),
        ("not orders > 2", "Not(orders > 2)"),
        ("loyal == false", "loyal == False"),
        ("loyal != True", "loyal != True"),
        ("stage == 'new'", "stage == 'new'"),
        ("stage in ['new', 'repeat']", "stage in ['new', 'repeat']"),
        ("stage not in ('new',)", "stage not in ['new']"),
        ("orders in {1, 2}", "orders in [1, 2]"),
        ("'shoes' in categories", "'shoes' in categories"),
        ("mean_gap_days is known", "Known(mean_gap_days)"),
        ("mean_gap_days is not known", "Not(Known(mean_gap_days))"),
        ("traits.vip", "Truth(traits.vip:flag)"),
        ("traits.age > 3", "traits.age:number > 3"),
        ("'DE' == traits.country", "'DE' == traits.country:text"),
        ("traits.shop in categories", "traits.shop:text in categories"),
        ("traits.age is known", "Known(traits.age:any)"),
        ("traits.age + 1 > 3", "(traits.age:number + 1) > 3"),
        ("-orders < +3", "-orders < 3"),
        ("-3 < orders", "-3 < orders"),
        ("2 * 3 + 1 < orders", "7 < orders"),
        ("1 / 4 < orders", "0.25 < orders"),
        ("revenue / orders > 5", "(revenue / orders) > 5"),
        ("days_since_order > 2 * mean_gap_days", "days_since_order > (2 * mean_gap_days)"),
        ("2 * days_since_order > days_known", "(2 * days_since_order) > days_known"),
        ("at_most(2 * orders, 6) + at_least(items, -1) > 3", "(at_most((2 * orders), 6) + at_least(items, -1)) > 3"),
        ("at_least(at_most(traits.age, 1 / 4), 0) is known", "Known(at_least(at_most(traits.age:number, 0.25), 0))"),
        ("at_most(3, 5) < at_least(-2, 1) * orders", "3 < (1 * orders)"),
        ("at_most(days_since_order, 30) == 30", "at_most(days_since_order, 30) == 30"),
        ("orders > 2  # but\n and loyal # not", "AllOf(orders > 2, Truth(loyal))"),
    ],
)  # fmt: skip
def test_a_text_becomes_a_tree(text: str, tree: str) -> None:
    assert shown(parse_condition(text, CATALOGUE)) == tree


@pytest.mark.parametrize(
    ("text", "row", "column", "message", "fix"),
    [
        ("", 1, 1, "the condition is empty", "write one, as in `orders_90d >= 2`"),
        ("order > 3", 1, 1, "there is no feature `order`", "did you mean `orders` or `orders_7d` or `orders_90d`?"),
        ("loyal and xyz > 3", 1, 11, "there is no feature `xyz`",
         'texts stand in quotation marks ("xyz"), traits after a dot (`traits.xyz`)'),
        ("loyal and\n  orders", 2, 3, "`orders` is a number, not a yes or no", "compare it, as in `orders > 0`"),
        ("stage", 1, 1, "`stage` is a text, not a yes or no", "compare it, as in `stage is known`"),
        ("orders = 3", 1, 1, "this cannot be read", "write `==` to compare"),
        ("count('A', where = b == 'c', 9) > 1", 1, 31, "this cannot be read", AFTER),
        ("count('A', where = b == 'c' 9) > 1", 1, 20, "this cannot be read", COMMA),
        ("orders_060d > 1", 1, 1, "`orders_060d` is no window", "write `orders_60d`"),
        ("orders_0d > 1", 1, 1, "`orders_0d` is no window", "a window has 1 to 400 days"),
        ("orders > 'a'", 1, 10, "`orders` is a number and `'a'` a text", "compare values of the same sort"),
        ("stage > 'a'", 1, 1, "`>` compares numbers only", "write `==`, `!=` or `in` for anything else"),
        ("stage == 'churn'", 1, 10, '`stage` is never "churn"', 'did you mean "churned"?'),
        ("stage in ['new', 'x']", 1, 10, '`stage` is never "x"',
         "it is one of churned, at_risk, loyal, new, repeat, prospect, excluded"),
        ("stage == ['new']", 1, 10, "a list cannot follow `==`", "write `in` before a list"),
        ("stage in 'new'", 1, 10, "`'new'` is not a list", 'write a list after `in`, as in ["DE", "FR"]'),
        ("3 in categories", 1, 1, "`categories` is a list of texts", "ask for a text in it"),
        ("categories == 'x'", 1, 1, "`categories` is a list of texts", 'write `"..." in categories`'),
        ("traits.a == traits.b", 1, 1, "two traits cannot be compared", "compare a trait with a value"),
        ("kind in ['a', 1]", 1, 9, "this list mixes texts and numbers", "use one sort only"),
        ("kind in []", 1, 9, "a list holds texts or numbers as they stand", 'write it as in ["DE", "FR"]'),
        ("times_enterd(stage = 'new') > 3", 1, 1, "there is no function `times_enterd`",
         'did you mean `times_entered`, as in `times_entered(stage = "loyal")`?'),
        ("times_entered('new') > 3", 1, 15, "`times_entered` takes nothing without a name",
         'write it as in `times_entered(stage = "loyal")`'),
        ("times_entered() > 3", 1, 1, "`times_entered`: it does not say which stage, segment or step",
         'write it as in `times_entered(stage = "loyal")`'),
        ("times_entered(stage = new) > 3", 1, 23, "`stage` is a text in quotation marks", 'write "new"'),
        ("times_entered(stage = 'at risk') > 3", 1, 23, 'there is no stage "at risk"', 'did you mean "at_risk"?'),
        ('containz(traits.a, "b")', 1, 1, "there is no function `containz`",
         'did you mean `contains`, as in `contains(traits.title, "CEO")`?'),
        ("counts('A', 2) > 3", 1, 1, "there is no function `counts`",
         'did you mean `count`, as in `count("Referral Sent", 90)`?'),
        ("orders.x > 3", 1, 1, "`orders.x` has a dot", "only traits have one: `traits.country`"),
        ("orders % 2 > 3", 1, 1, "`orders % 2` is not part of the language",
         "use features, traits, numbers, texts and + - * /"),
        ("(orders > 3) + 1 > 2", 1, 2, "a comparison cannot be part of another one",
         "join comparisons by `and` or `or`"),
        ("loyal + 1 > 2", 1, 1, "`loyal` is a flag", "only numbers can be calculated with"),
        ("orders / 0 > 1", 1, 1, "this divides by zero", "divide by another number"),
        ("days_since_order == 3", 1, 1, "`days_since_order == 3` would hold or fail for a single millisecond",
         "write a range, as in `7 <= days_since_order < 8`"),
        ("days_since_order * days_known > 3", 1, 1,
         "both sides of `days_since_order * days_known` move with every moment",
         "multiply with a number, or with something that changes only by events or by days"),
        ("1 / days_since_order > 3", 1, 1, "`1 / days_since_order` divides by something that moves with every moment",
         "multiply the other side of the comparison instead"),
        ("p_alive < recency_score / 5", 1, 1, "both sides move with every moment, and not in straight lines",
         "compare this with something that changes only by events or by days"),
        ("at_most(days_since_order, 5) - days_since_visit > 1", 1, 1,
         "both sides move with every moment, and not in straight lines",
         "compare this with something that changes only by events or by days"),
        ("loyal and\nat_most(orders) > 1", 2, 1, "`at_most` takes a number and its limit",
         'write it as in `at_most(5 * count("Email Opened", 30), 20)`'),
        ("at_least(orders, limit=3) > 1", 1, 1, "`at_least` takes a number and its limit",
         "write it as in `at_least(20 - days_since_visit, 0)`"),
        ("at_most(orders, traits.cap) > 1", 1, 17, "the limit of `at_most` is a number in the text",
         'write it as in `at_most(5 * count("Email Opened", 30), 20)`'),
        ("at_most(20, 5 * orders) > 1", 1, 13, "the limit of `at_most` is a number in the text",
         "write `at_most(5 * orders, 20)`"),
        ("at_least(orders, 3) and loyal", 1, 1, "`at_least(orders, 3)` is a number, not a yes or no",
         "write `orders >= 3`"),
        ("at_most(3, 4)", 1, 1, "`at_most(3, 4)` is a number, not a yes or no", "compare a feature with it"),
        ("at_most(stage, 3) > 1", 1, 9, "`stage` is a text", "only numbers can be calculated with"),
        ("at_most > 3", 1, 1, "`at_most` is a function",
         'call it, as in `at_most(5 * count("Email Opened", 30), 20)`'),
        ("atmost(orders, 3) > 1", 1, 1, "there is no function `atmost`",
         'did you mean `at_most`, as in `at_most(5 * count("Email Opened", 30), 20)`?'),
        ("min(5 * orders, 20) > 1", 1, 5, "`event` is a text in quotation marks",
         "to limit a number, write `at_most`"),
        ("max(orders, 20) > 1", 1, 5, "`event` is a text in quotation marks", "to limit a number, write `at_least`"),
        ("orders is 3", 1, 1, "after `is` comes `known` or `not known`", "write `==` to compare values"),
        ("1 < orders in [2]", 1, 1, "`in` cannot be part of a chain", "join two comparisons by `and`"),
        ("kind is null", 1, 1, "after `is` comes `known` or `not known`", "write `is not known`"),
        ("kind is not None", 1, 1, "after `is` comes `known` or `not known`", "write `is known`"),
        ("'new'", 1, 1, "`'new'` is a text, not a yes or no", "compare a feature with it"),
        ("orders", 1, 1, "`orders` is a number, not a yes or no", "compare it, as in `orders > 0`"),
    ],
)  # fmt: skip
def test_an_error_has_a_place_and_a_fix(text: str, row: int, column: int, message: str, fix: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text, CATALOGUE)
    error = caught.value
    assert (error.row, error.column, error.message, error.fix) == (row, column, message, fix)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("orders > 2 && loyal", "`and`"),
        ("orders > 2 || loyal", "`or`"),
        ("orders <> 2", "`!=`"),
        ("orders => 2", "`>=`"),
        ("stage = 'new'", "`==`"),
        ("orders > 2 AND loyal", "small letters"),
        ("!loyal", "`not`"),
        ("stage == \u201cnew\u201d", "straight quotation marks"),
        ("orders \u2265 2", "`>=`"),
        ("orders \u2212 1 > 2", "`-`"),
        ("orders\u00a0> 2", "plain blanks"),
        ("traits.class == 'a'", "rename the trait"),
        ("orders > 1,5", "with a point"),
        ("revenue > 1,000.50", "without commas"),
        ("revenue > 1.000.000", "without commas"),
        ("orders > 05", "zeros before"),
        ("days_since_order > 7d", "without a unit"),
        ("revenue > $5", "without a unit"),
        ("(orders > 2", "parenthesis"),
        ("stage == 'new", "quotation mark"),
        ("orders in [1,2] loyal", "joined by `and`"),
        ("orders > 2 loyal  # 1,000 = \u201cmany\u201d", "joined by `and`"),
    ],
)
def test_what_cannot_be_read_has_the_mend_of_its_mistake(text: str, fix: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text, CATALOGUE)
    assert fix in caught.value.fix


def test_the_worked_example_of_the_package_is_true() -> None:
    assert doctest.testmod(state.conditions).failed == 0
