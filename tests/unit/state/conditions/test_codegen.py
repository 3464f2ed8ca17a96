"""Generated code can be looked at: in tracebacks, by name, and printed."""

import ast
import inspect
import linecache
import traceback
from dataclasses import replace

import pytest
from click.testing import CliRunner

from state.conditions.condition import compile_condition, entering, opposite
from state.conditions.features import Feature
from state.conditions.formula import Formula
from state.conditions.generated_code import source_of
from state.conditions.layout import laid_out
from state.conditions.read_source import MAX_DEPTH
from state.conditions.rule_set import Rule, RuleSet
from state.customer.customer import first_seen
from state.customer.purchases import Purchases
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.compiled_ladder import places
from state.policy.compiled_stages import first_fit
from state.policy.shape import Policy
from streams.cli.commands.policy import command
from streams.policy_file import shipped_policy
from tests.support.histories import POLICIES

SHIPPED = shipped_policy()


def _broken(purchases: Purchases) -> int:
    return purchases.nothing_of_the_kind  # type: ignore[attr-defined, no-any-return]


BROKEN = Feature(name="broken", unit="", meaning="", formula=Formula(_broken), parts=0)
SOUND = catalogue(Policy(name="any"))
CATALOGUE = replace(SOUND, title="policy any@1", features={**SOUND.features, "broken": BROKEN})


def rule(key: str, text: str) -> Rule:
    enter = compile_condition(text, CATALOGUE)
    leave = opposite(enter)
    return key, entering(enter, leave), leave


def failure(rules: RuleSet, joined: set[str]) -> str:
    with pytest.raises(AttributeError) as caught:
        rules.now(first_seen(0), 1, joined)
    return "".join(traceback.format_exception(caught.value))


def test_a_traceback_names_the_segment_and_shows_its_line():
    rules = RuleSet([rule("buyers", "orders > 2"), rule("unlucky", "broken > 2"), rule("others", "orders < 2")])
    for joined, action in ((set(), "joins"), ({"unlucky"}, "leaves")):
        shown = failure(rules, joined)
        assert 'File "<lifestage rules_now of policy any@1: buyers, unlucky, others>", line ' in shown
        assert ", in rules_now\n    changes_unlucky = " in shown
        assert "nothing_of_the_kind" in shown
        line = int(shown.rpartition(", in rules_now")[0].rpartition(" ")[2])
        assert f"# {action}: " in source_of(rules.now).splitlines()[line - 2]


def test_the_source_of_a_function_stays_while_files_are_checked():
    holds = compile_condition("orders > 2", CATALOGUE).holds
    linecache.checkcache()
    assert inspect.getsource(holds) == source_of(holds)
    assert source_of(holds).startswith("def holds(customer, at):\n")


def test_two_sources_of_one_title_are_two_files():
    first, again, other = (
        compile_condition(text, CATALOGUE).holds for text in ("orders > 2", "orders > 2", "orders  >  2 and true")
    )
    assert first.__code__.co_filename == again.__code__.co_filename != other.__code__.co_filename
    shown = RuleSet([rule("a", "orders > 2")]).now, RuleSet([rule("a", "orders > 3")]).now
    assert [it.__code__.co_filename for it in shown] == [
        "<lifestage rules_now of policy any@1: a>",
        "<lifestage rules_now of policy any@1: a (2)>",
    ]


def test_a_variable_has_the_name_of_what_it_holds():
    text = "traits.age > 3 and orders_90d >= 2 and (days_since_order > 9 or orders_90d + orders > 3)"
    code = RuleSet([rule("any", text)]).code
    for name in ("trait_age", "orders_90d", "days_since_order", "days_since_order_at_until", "orders", "total"):
        assert f"({name} := " in code


def test_names_do_not_clash():
    features = {name: replace(SOUND.features["orders"], name=name) for name in ("len", "at", "unread", "day", "total")}
    crowded = replace(SOUND, features={**SOUND.features, **features})
    text = "len + at + unread + day + total + tickets_open + orders_7d >= 0 and traits.total is not known"
    assert compile_condition(text, crowded).holds(first_seen(0), 1)


@pytest.mark.parametrize(
    "nested",
    [
        "not " * MAX_DEPTH + "traits.vip",
        "traits.a / " * (MAX_DEPTH - 1) + "1 > 3",
        "-(mean_gap_days + " * (MAX_DEPTH // 2 - 1) + "1" + ")" * (MAX_DEPTH // 2 - 1) + " < 3",
    ],
)
def test_what_is_nested_as_deeply_as_may_be_runs_and_is_laid_out(nested):
    rules = RuleSet([rule("any", nested)])
    assert rules.now(first_seen(0), 1, ()) == (False,)
    answers = rules.now_and_later(first_seen(0), 1, 2, ("any",))
    assert answers is None or len(answers) == 2
    assert ast.dump(ast.parse(laid_out(rules.code))) == ast.dump(ast.parse(rules.code))


@pytest.mark.parametrize("end", ["\n", "\r", "\f", "\x1e", "\u2028"])
def test_a_text_with_a_line_end_breaks_no_line_of_the_code(end):
    rules = RuleSet([rule("any", f"traits.a != '''x{end}y''' and orders > 1")])
    assert rules.now(first_seen(0), 1, ()) == (False,)
    assert len(rules.code.splitlines()) == rules.code.count("\n")
    assert ast.dump(ast.parse(laid_out(rules.code))) == ast.dump(ast.parse(rules.code))


@pytest.mark.parametrize("text", [SHIPPED.read_text("utf-8"), *POLICIES.values()], ids=["shipped", *POLICIES])
def test_laid_out_code_is_the_same_code(text: str):
    policy = read_policy(text, catalogue)
    code = RuleSet([(it.key, it.enter, it.leave) for it in policy.segments]).code
    shown = laid_out(code)
    assert ast.dump(ast.parse(shown)) == ast.dump(ast.parse(code))
    assert shown.count("\n") > code.count("\n")


def test_the_command_prints_what_runs():
    result = CliRunner().invoke(command, ["check", str(SHIPPED), "--code"])
    assert result.exit_code == 0
    policy = read_policy(SHIPPED.read_text("utf-8"), catalogue)
    loyalty: list[Rule] = [("loyal", policy.loyal_enter, policy.loyal_leave)]
    segments: list[Rule] = [(it.key, it.enter, it.leave) for it in policy.segments]
    steps = [source_of(RuleSet(rules).now_and_later) for ladder in policy.ladders for rules in places(ladder)]
    sources = [
        source_of(RuleSet(loyalty).now_and_later),
        first_fit(policy.stages).code,
        *steps,
        source_of(RuleSet(segments).now_and_later),
    ]
    run = [ast.parse(source).body[0] for source in sources]
    assert [ast.dump(it) for it in ast.parse(result.stdout).body] == [ast.dump(it) for it in run]
