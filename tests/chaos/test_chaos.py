"""The short form of `make chaos`, and of the control that must fail."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.controls.__main__ import controls
from tests.chaos.plan import read_plan
from tests.chaos.run import MUST_BE_NOTHING, run
from tests.conftest import require_apache_kafka


def played(arguments: list[str], results: Path) -> None:
    result, missing = asyncio.run(run(read_plan([*arguments, "--results", str(results)])))
    assert {name: result[name] for name in MUST_BE_NOTHING} == dict.fromkeys(MUST_BE_NOTHING, 0)
    assert missing == []


@pytest.mark.apache
def test_kills_a_zombie_and_group_offsets_on_apache_kafka(tmp_path: Path) -> None:
    require_apache_kafka()
    faults = ["--faults", "kill,failpoint,zombie,offsets"]
    played(["--kills", "4", "--seed", "11", *faults], tmp_path / "chaos.jsonl")


def test_kills_on_the_embedded_broker(tmp_path: Path) -> None:
    played(["--broker", "embedded", "--kills", "2", "--seed", "12", "--faults", "kill,failpoint"], tmp_path / "c.jsonl")


@pytest.mark.apache
def test_a_worker_that_looks_at_no_send_is_found_out(tmp_path: Path) -> None:
    require_apache_kafka()
    plan = read_plan(["--kills", "1", "--seed", "13", "--faults", "kill", "--results", str(tmp_path / "c.jsonl")])
    assert asyncio.run(controls(plan, ["futures unchecked"]))
