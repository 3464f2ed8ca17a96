"""The demo as a process of its own, and the figures in its report."""

import os
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

from state.rules.rulebook import Rulebook
from state.timeline.history import History
from streams.backtest import backtest
from streams.policy_file import load_rules
from streams.sources.named import open_source
from tests.support.waiting import PATIENCE
from tests.support.workers import LIFESTAGE

Decision = tuple[backtest.BacktestResult, dict[str, History]]
COMMAND = (*LIFESTAGE, "demo")
SECONDS = 2 * PATIENCE
_COUNT = re.compile(r"([a-z][a-z ]+?) +([\d,]+) ")
_GROUP = re.compile(r"([A-Z][a-z: ]+?) {2,}([\d,]+) +█* *\+([\d,]+) -([\d,]+)")


def demo(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--data", str(data), "--exit", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def started(data: Path, *options: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "--data", str(data), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def picture(output: str) -> str:
    """From the first heading to the figures."""
    begin, end = output.index("── Customers by stage"), output.index("events a second")
    return output[begin : output.rindex("\n", 0, end)]


def transitions(output: str) -> dict[str, int]:
    """How often each transition stands, by the picture."""
    part = output[output.index("── Transitions") : output.index(" of them ──")].splitlines()[1:]
    found = [_COUNT.match(line) for line in part]
    return {it[1].strip().replace(" ", "_"): _number(it[2]) for it in found if it is not None}


def groups(output: str) -> dict[str, tuple[int, int, int]]:
    """How many are in each segment and on each step, came and left, by the picture."""
    part = output[output.index("── Transitions") : output.index(" of them ──")]
    return {it[1].strip(): (_number(it[2]), _number(it[3]), _number(it[4])) for it in _GROUP.finditer(part)}


def last_stages(output: str) -> dict[str, int]:
    """The customers by stage in the last row of the picture."""
    lines = output[output.index("── Customers by stage") : output.index("── Transitions")].strip().splitlines()
    heading = next(line for line in lines if line.startswith("end of"))
    names = heading.removeprefix("end of").replace("at risk", "at_risk").split()[:-1]
    return {
        name: 0 if number == "-" else _number(number)
        for name, number in zip(names, lines[-1].split()[-len(names) - 1 : -1], strict=True)
    }


def decided(source: str, customers: int, policy: Path | None = None) -> Decision:
    rules: Rulebook = load_rules(policy)
    lines = enumerate((event.value for event in open_source(source, customers=customers).events), start=1)
    now = int(time.time() * 1000)
    events = backtest.read_events(lines, now, rules, lambda line: None)
    histories: dict[str, History] = {}
    return backtest.run(events, None, rules, histories.__setitem__), histories


def named(found: Counter[str]) -> dict[str, int]:
    """The lifecycle transitions among a backtest's names."""
    return {name: count for name, count in found.items() if " " not in name}


def processes(data: Path) -> dict[int, str]:
    """Everything that runs for this data folder, by process id."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (process / "environ").read_bytes().decode(errors="replace")
        except (OSError, ValueError):
            continue
        if str(data) in command or f"LIFESTAGE_DATA={data}" in environment:
            found[int(process.name)] = command
    found.pop(os.getpid(), None)
    return found


def _number(text: str) -> int:
    return int(text.replace(",", ""))
