"""``lifestage features``: the table, the page and the JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main
from tests.support.programs import ROOT


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["features", *map(str, arguments)])


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(
        'name = "mine"\n[[segments]]\nkey = "k"\nname = "K"\nenter = "orders_60d > 1 and traits.vip"\n'
        'leave = "orders_7d == 0"\n'
    )
    return path


def test_the_committed_page_is_that_of_the_code() -> None:
    made = call("--markdown")
    assert made.exit_code == 0, made.output
    page = (ROOT / "docs" / "features.md").read_text("utf-8")
    assert page == made.output, "run lifestage features --markdown > docs/features.md"


def test_a_pipe_gets_one_line_for_each_feature(policy: Path) -> None:
    done = call(policy)
    assert done.exit_code == 0, done.output
    assert done.output.count("orders_Nd ") == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("orders_Nd ")]
    assert line.split(maxsplit=1)[1].rstrip().endswith("falls at midnight  7, 60, 365 days")
    assert "N = 1 to 400" in done.output
    assert "\x1b" not in done.output


def test_json_says_everything(policy: Path) -> None:
    found = json.loads(call(policy, "--json").output)
    (traits,) = [it for it in found["features"] if it["name"] == "traits.NAME"]
    assert traits["read_as"] == ["traits.vip"]
    assert found["policy"] == "mine"
    assert found["most_window_days"] == 400
    (count,) = [it for it in found["functions"] if it["name"] == "count"]
    is_needed = {it["name"]: it["is_needed"] for it in count["parameters"]}
    assert (is_needed["event"], is_needed["days"]) == (True, False)


def test_a_policy_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('name = "p"\n[[segments]]\nkey = "k"\nname = "K"\nenter = "order > 1"\n')
    done = call(path)
    assert done.exit_code == 1
    assert f"{path}:5:" in done.output
    assert "did you mean `orders`" in done.output
    assert call(tmp_path / "missing.toml").exit_code == 1


def test_one_form_at_a_time() -> None:
    assert call("--json", "--markdown").exit_code == 2


def test_what_must_be_declared_first_has_a_place_of_its_own(policy: Path) -> None:
    _, _, below = call(policy).output.partition("Once the policy declares it")
    (line,) = [it for it in below.splitlines() if it.startswith("days_since_signal")]
    assert "(needs `[[signals]]`)" in line
    assert "in_segment" not in below, "the policy has a segment"
    found = json.loads(call(policy, "--json").output)
    assert {it["needs"] for it in found["undeclared"]} == {"[[ladders]]", "[[signals]]", "[holdout]"}
