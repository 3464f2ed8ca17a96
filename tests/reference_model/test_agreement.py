"""The backtest and the reference model, over the same hostile events, decide the same."""

from pathlib import Path

import pytest

from tests.reference_model.agreement import POLICIES, agreement, hostile


@pytest.mark.parametrize(("seed", "until"), [(1, None), (2, "2026-08-01T12:00:00.001Z")])
@pytest.mark.parametrize("policy_name", sorted(POLICIES))
def test_backtest_and_reference_model_agree(tmp_path: Path, policy_name: str, seed: int, until: str | None) -> None:
    lines = hostile(tmp_path, policy_name, seed, customers=40, days=150)
    assert agreement(tmp_path, POLICIES[policy_name], lines, until) == ""
