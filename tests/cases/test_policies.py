"""The policies that ship, each run over the simulated business that it is for."""

import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.commands.backtest import command
from streams.policy_file import compile_file

FOLDER = Path(__file__).parents[2] / "policies"
SOURCES = {
    "default": "simulated",
    "grocery": "simulated-grocery",
    "software": "simulated-software",
    "accounts": "simulated-software",
    "club": "simulated-club",
    "cars": "simulated-cars",
    "seeds": "simulated-club",
}


def test_each_has_a_business() -> None:
    assert {it.stem for it in FOLDER.glob("*.toml")} == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_odd_about_it(name: str) -> None:
    assert compile_file(FOLDER / f"{name}.toml").warnings == ()


@pytest.mark.parametrize("name", [it for it in SOURCES if it != "seeds"])
def test_somebody_joins_each_of_its_segments(tmp_path: Path, name: str) -> None:
    path, out = FOLDER / f"{name}.toml", tmp_path / "transitions.jsonl"
    asked = [SOURCES[name], "--policy", str(path), "--out", str(out), "--processes", "1"]
    result = CliRunner().invoke(command, asked)
    assert result.exit_code == 0, result.output
    messages = [json.loads(line) for line in out.read_text().splitlines()]
    joined = Counter(it["properties"]["audience_key"] for it in messages if it["event"] == "Audience Entered")
    assert set(joined) == {it["key"] for it in tomllib.loads(path.read_text())["segments"]}
