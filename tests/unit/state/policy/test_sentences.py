"""A policy in sentences: each rule has one, in the words of its condition."""

from pathlib import Path

import pytest

from state.conditions.condition import compile_condition
from state.conditions.in_words import in_words
from state.policy.sentences import sentences
from streams.policy_file import compile_file, shipped_policy
from tests.reference_model.agreement import POLICIES
from tests.support.programs import ROOT

ALL = [*sorted((ROOT / "policies").glob("*.toml")), *sorted(POLICIES.values())]


@pytest.mark.parametrize("path", ALL, ids=lambda it: it.stem)
def test_every_rule_has_its_sentence(path: Path) -> None:
    compiled = compile_file(path)
    told = [*sentences(compiled)]
    about = {it.about for it in told}
    assert all(it.text.endswith(".") and "\n" not in it.text for it in told)
    rules = {
        *(f"segment:{it.key}" for it in compiled.segments),
        *(f"signal:{it.key}" for it in compiled.signals),
        *(f"ladder:{it.key}" for it in compiled.ladders),
        *(f"step:{ladder.key}:{it.key}" for ladder in compiled.ladders for it in ladder.steps),
        *(f"measure:{it.name}" for it in compiled.policy.measures),
        *(f"stage:{it.key}" for it in compiled.policy.lifecycle.stages),
        "policy",
        "lifecycle",
        "scores",
    }
    assert rules <= about


def test_a_segment_says_who_joins_and_who_leaves() -> None:
    (told,) = [it.text for it in sentences(compile_file(shipped_policy())) if it.about == "segment:discount_seekers"]
    assert told == (
        "Discount seekers: joins when orders_90d is at least 3 and coupons_90d is at least 0.5 * orders_90d; "
        "leaves when orders_90d is 0 or coupons_90d is below 0.25 * orders_90d, but not in the first 14 days."
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("3 <= orders", "orders is at least 3"),
        ("not orders >= 3", "orders is below 3"),
        ("not days_since_order > 9", "days_since_order is at most 9 or is not known"),
        ("orders == 1 or loyal", "orders is 1 or loyal is true"),
        ("orders > 1 and (loyal or orders != 4)", "orders is above 1 and (loyal is true or orders is not 4)"),
        ("not (orders > 1 and loyal)", "orders is at most 1 or loyal is not true"),
        ("loyal and not days_since_order > 9", "loyal is true and (days_since_order is at most 9 or is not known)"),
        ("stage in ['new', 'loyal']", 'stage is one of "new", "loyal"'),
        ("'shoes' in categories", "categories has 'shoes'"),
        ("not last_rating is known", "last_rating is not known"),
    ],
)
def test_a_condition_in_words(condition: str, words: str) -> None:
    assert in_words(compile_condition(condition, compile_file(None).catalogue).tree) == words
