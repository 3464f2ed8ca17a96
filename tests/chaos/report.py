"""`python -m tests.chaos.report [FILE]`: the sum of all runs in a results file, as the tables of the docs."""

import json
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.chaos.run import MUST_BE_NOTHING

_DEFAULT = Path.home() / ".cache" / "lifestage" / "chaos.jsonl"
_BROKERS = {"apache": "Apache Kafka", "embedded": "embedded broker"}
_FAULTS = {
    "SIGTERM": "term",
    "workers added or taken away by scaling": "rebalance by scaling",
    "Redis killed or emptied": "redis",
    "full disk": "disk",
    "customer that cannot be read": "poison",
    "input deleted before it was counted": "truncation",
    "changelog compacted": "compaction",
    "broker stopped for 20 s": "stall",
    "broker of three killed": "broker",
    "worker of another version among the others": "mixed",
    "customers forgotten, some allowed again": "forget",
    "policy published": "policy",
    "input deleted and made again": "recreated",
    "clock of a worker wrong by hours": "clock",
}

Run = dict[str, Any]


def read(path: Path) -> list[Run]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def table(runs: list[Run]) -> list[str]:
    """One column a broker."""
    groups = [[run for run in runs if run["broker"] == broker] for broker in _BROKERS]
    columns = [_column(group) for group in groups]
    lines = ["| | " + " | ".join(_BROKERS.values()) + " |", "|---|" + "---|" * len(columns)]
    return lines + [f"| {name} | " + " | ".join(column[name] for column in columns) + " |" for name in columns[0]]


def _column(runs: list[Run]) -> dict[str, str]:
    happened: Counter[str] = Counter()
    for run in runs:
        happened.update(run["faults"])
    kills, zombies, replaced = sum(run["kills"] for run in runs), happened["zombie"], happened["zombie replaced"]
    offsets, deleted = happened["offsets"], happened["offsets deleted with the group"]
    return {
        "runs": str(len(runs)),
        "seeds": ", ".join(str(run["seed"]) for run in runs),
        "events": f"{sum(run['events'] for run in runs):,}",
        "transitions published": f"{sum(run['figures'].get('transitions', 0) for run in runs):,}",
        "kills (of them from inside a batch)": f"{kills} ({happened['failpoint']})",
        "zombies (of them replaced while they slept)": f"{zombies} ({replaced})",
        "group offsets tampered with (of them deleted with the group)": f"{offsets} ({deleted})",
        **{name: str(happened[fault]) for name, fault in _FAULTS.items()},
        "records of aborted transactions in the topics": f"{sum(run['aborted_seen'] for run in runs):,}",
        **{f"**{name.replace('_', ' ')}**": str(sum(run[name] for run in runs)) for name in MUST_BE_NOTHING},
        "workers that ended though nobody asked": str(sum(run["unexpected_exits"] for run in runs)),
    }


def controls(runs: list[Run]) -> list[str]:
    """One row a control."""
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run["control"]].append(run)
    columns = ("events", "kills", *MUST_BE_NOTHING)
    lines = ["| control | runs | " + " | ".join(columns) + " |", "|---|---|" + "---|" * len(columns)]
    for name, members in groups.items():
        figures = [f"{sum(run[column] for run in members):,}" for column in columns]
        lines.append(f"| {name} | {len(members)} | " + " | ".join(figures) + " |")
    return lines


def spread(runs: list[Run], name: str) -> str:
    """The distribution of a measure, in seconds."""
    values = sorted(value for run in runs for value in run["measured"].get(name, []))
    if not values:
        return f"{name}: nothing measured"
    median, most = statistics.median(values), values[-1]
    ninth = values[min(len(values) - 1, len(values) * 9 // 10)]
    return f"{name}: {len(values)} times, median {median:.1f} s, nine of ten below {ninth:.1f} s, longest {most:.1f} s"


def main() -> None:
    everything = read(Path(sys.argv[1]) if len(sys.argv) > 1 else _DEFAULT)
    runs = [run for run in everything if not run.get("control")]
    print("\n".join(table(runs)))
    kills = sum(run["kills"] for run in runs)
    print(f"\n{kills} kills; with none that lost anything, fewer than {3 / max(1, kills):.2%} do (95 %)")
    for name in ("back_after_kill", "back_after_broker", "sigterm"):
        print(spread(runs, name))
    if wrong := [run for run in everything if run.get("control")]:
        print("\n" + "\n".join(controls(wrong)))


if __name__ == "__main__":
    main()
