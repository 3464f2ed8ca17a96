"""The backtest and the reference model, over the same hostile events, decide the same."""

from pathlib import Path

import pytest

from tests.reference_model.agreement import POLICIES, agreement, hostile
from tests.reference_model.changes_of_policy import Changes
from tests.reference_model.random_policies import Drawing

# The model looks for each instant of each condition.
_FEWER = {"everything": 5, "rhythm": 10, "alive": 16}


@pytest.mark.parametrize(("seed", "until"), [(1, None), (2, "2026-08-01T12:00:00.001Z")])
@pytest.mark.parametrize("policy_name", sorted(POLICIES))
def test_backtest_and_reference_model_agree(tmp_path: Path, policy_name: str, seed: int, until: str | None) -> None:
    customers = _FEWER.get(policy_name, 24)
    lines = hostile(tmp_path, policy_name, seed, customers, days=150)
    assert agreement(tmp_path, POLICIES[policy_name], lines, until) == ""


@pytest.mark.parametrize("seed", range(5))
def test_they_agree_under_a_policy_drawn_at_random(tmp_path: Path, seed: int) -> None:
    policy = tmp_path / "drawn.toml"
    policy.write_text(Drawing(seed).text(), encoding="utf-8")
    assert agreement(tmp_path, policy, hostile(tmp_path, "drawn", seed, customers=2, days=40), None) == ""


@pytest.mark.parametrize("seed", [2, 4, 8])
def test_they_agree_where_policies_drawn_at_random_follow_each_other(tmp_path: Path, seed: int) -> None:
    lines = hostile(tmp_path, "drawn", seed, customers=3, days=60)
    first, later = Changes(seed, tmp_path).drawn(lines)
    assert agreement(tmp_path, first, lines, None, later) == ""
