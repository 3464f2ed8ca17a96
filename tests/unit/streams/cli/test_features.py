"""``lifestage features``: the table, the page and the JSON."""

import json
import re
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


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.jsonl"
    given = {"type": "track", "userId": "c", "properties": {"order_id": "o", "total": 5}}
    events = [
        {**given, "event": name, "messageId": f"{name}{day}", "timestamp": f"2026-03-{day:02d}T10:00:00Z"}
        for name in ("App Opened", "Product Viewed", "Order Completed")
        for day in (1, 5, 6)
    ]
    path.write_text("\n".join(map(json.dumps, events)))
    return path


MEASURED = """
[[segments]]
key = "again"
name = "Again"
enter = 'count("App Opened", 30) > 1 and opened > 1 and in_segment("k")'
[[measures]]
name = "opened"
value = 'count("App Opened")'
"""


def test_a_sample_says_what_each_name_costs(policy: Path, sample: Path) -> None:
    with policy.open("a") as more:
        more.write(MEASURED)
    found = json.loads(call(policy, "--events", sample, "--json").output)["costs"]
    assert (found["events"], found["customers"]) == (9, 1)
    opened = found["names"]['count("App Opened", 30)']
    assert opened["bytes"] > found["measures"]["opened"]["bytes"] > 0
    assert found["names"]["orders"]["bytes"] == 0, "every profile has it; the policy does not read it"
    lines = [line.rstrip() for line in call(policy, "--events", sample).output.splitlines()]
    rows = {line.split()[0]: re.split("  +", line) for line in lines if line}
    assert rows["name"][-2:] == ["bytes a customer", "microseconds an event"]
    called = lines[lines.index("Functions, as the policy calls them") + 2 :]
    assert re.split("  +", called[1])[:2] == ['count("App Opened", 30)', f"+{opened['bytes']:,.1f}"]
    assert re.split("  +", called[2]) == ['in_segment("k")', "?", "?"]
    taken = [found["names"][f"orders_{days}d"]["bytes"] for days in (7, 60, 365)]
    assert rows["orders_Nd"][-2] == ", ".join(f"+{it:.1f}" for it in taken), "in the order of the days before"
    assert rows["views_Nd"][-2] == f"+{found['names']['views_30d']['bytes']:.1f}", "since none is read"
    assert f"+{found['measures']['opened']['bytes']:,.1f}" in rows["opened"]
    assert lines[-1].startswith("Costs are measured on 9 events of 1 customers: what each name adds alone")


def test_the_page_has_the_costs_or_says_how_to_get_them(policy: Path, sample: Path) -> None:
    plain, measured = call(policy, "--markdown").output, call(policy, "--events", sample, "--markdown").output
    assert "`lifestage features FILE --events SAMPLE`" in plain and "| bytes a customer | microseconds" not in plain
    assert "| read by the policy | bytes a customer | microseconds an event |" in measured
    assert "## Functions, as the policy calls them" not in measured, "it calls none"
    assert "Costs are measured on 6 events" in measured and "rule of thumb" not in measured


def test_a_sample_that_cannot_be_used_says_why(policy: Path, sample: Path, tmp_path: Path) -> None:
    assert call(policy, "--events", tmp_path / "missing.jsonl").exit_code == 2
    sample.write_text('{"userId": ""}\n')
    done = call(policy, "--events", sample)
    assert (done.exit_code, "no usable event" in done.output) == (2, True)


def test_what_must_be_declared_first_has_a_place_of_its_own(policy: Path) -> None:
    _, _, below = call(policy).output.partition("Once the policy declares it")
    (line,) = [it for it in below.splitlines() if it.startswith("days_since_signal")]
    assert "(needs `[[signals]]`)" in line
    assert "in_segment" not in below, "the policy has a segment"
    found = json.loads(call(policy, "--json").output)
    assert {it["needs"] for it in found["undeclared"]} == {"[[ladders]]", "[[signals]]", "[holdout]"}
