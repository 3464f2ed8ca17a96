"""Every benchmark runs, at a size that says nothing about speed; CI leaves none of them out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.__main__ import BENCHES
from bench.peers.task import Progress, Task, marks
from bench.report import Spread, Table
from bench.table import text
from tests.support.programs import ROOT

# Most of what a quick one takes is waiting for servers to start.
_AT_ONCE = 2


@dataclass(frozen=True)
class Quick:
    """A benchmark in its quick form: its result, and the folder for its files."""

    ended: subprocess.CompletedProcess[str]
    results: Path
    pictures: Path


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Quick]]]:
    base = tmp_path_factory.getbasetemp()  # asked for the first time, it is made, and two threads cannot make it

    def run(name: str) -> Quick:
        folder = base / f"bench-{name}"
        results, pictures = folder / "results.jsonl", folder / "pictures"
        command = [sys.executable, "-m", "bench", name, "--quick", f"--results={results}", f"--pictures={pictures}"]
        return Quick(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False), results, pictures)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {name: pool.submit(run, name) for name in BENCHES}


@pytest.mark.bench
@pytest.mark.apache
@pytest.mark.parametrize("name", BENCHES)
def test_a_benchmark_ends_with_its_figures_and_draws_its_pictures(
    name: str, quick: Mapping[str, Future[Quick]]
) -> None:
    run = quick[name].result()
    assert run.ended.returncode == 0, run.ended.stderr
    last = run.ended.stdout.splitlines()[-1]
    if last.startswith(f"{name}: left out") and os.environ.get("CI") != "true":
        pytest.skip(last)
    content = json.loads(last)
    assert content["bench"] == name and content["quick"]
    assert not run.results.exists()
    for picture in run.pictures.glob("*"):
        assert ElementTree.parse(picture).getroot().tag.endswith("svg")


@pytest.mark.apache
def test_the_engine_meets_all_its_peers_in_ci(tmp_path: Path) -> None:
    from bench.programs import BYTEWAX_NEEDS, available

    _, left_out = available()
    if left_out and os.environ.get("CI") != "true":
        pytest.skip("; ".join(left_out))
    assert left_out == ([BYTEWAX_NEEDS] if sys.version_info >= (3, 13) else [])


def test_a_table_has_its_numbers_at_the_right() -> None:
    table = Table("Rates", ["program", "events/s"], [["ours", Spread.over([1000, 3000, 2000])], ["a peer", 40]])
    assert text(table).splitlines() == [
        "Rates",
        "",
        "| program |               events/s |",
        "| ------- | ---------------------: |",
        "| ours    | 2,000 (1,000 to 3,000) |",
        "| a peer  |                     40 |",
    ]


def test_a_program_marks_its_first_record_and_its_end(tmp_path: Path) -> None:
    progress = Progress(Task("", "", "", "", events=100, folder=tmp_path))
    ends = [progress.add() for _ in range(100)]
    progress.mark()
    assert ends == [False] * 99 + [True]
    records = [mark.records for mark in marks(tmp_path)]
    assert records[0] == 1 and records[-1] == 100 and records == sorted(records)
