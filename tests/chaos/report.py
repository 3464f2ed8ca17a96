"""`python -m tests.chaos.report [FILE]`: what all the runs of a results file come to, as the table of the docs."""

import json
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.chaos.run import MUST_BE_NOTHING

_DEFAULT = Path.home() / ".cache" / "lifestage" / "chaos.jsonl"
_SHOWN = (
    "zombie",
    "term",
    "rebalance by scaling",
    "redis",
    "offsets",
    "disk",
    "poison",
    "truncation",
    "compaction",
    "stall",
    "broker",
)

Run = dict[str, Any]


def read(path: Path) -> list[Run]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def table(runs: list[Run]) -> list[str]:
    """One row a broker, and one for each control."""
    columns = ("broker", "runs", "seeds", "events", "kills", *_SHOWN, *MUST_BE_NOTHING, "ended unasked")
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.get("control") or f"{run['broker']}"].append(run)
    for name, members in groups.items():
        happened: Counter[str] = Counter()
        for run in members:
            happened.update(run["faults"])
        row = [
            name,
            len(members),
            " ".join(str(run["seed"]) for run in members),
            f"{sum(run['events'] for run in members):,}",
            sum(run["kills"] for run in members),
            *(happened[kind] for kind in _SHOWN),
            *(sum(run[kind] for run in members) for kind in MUST_BE_NOTHING),
            sum(run["unexpected_exits"] for run in members),
        ]
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return lines


def spread(runs: list[Run], name: str) -> str:
    """The distribution of a measure, in seconds."""
    values = sorted(value for run in runs if not run.get("control") for value in run["measured"].get(name, []))
    if not values:
        return f"{name}: nothing measured"
    median, most = statistics.median(values), values[-1]
    ninth = values[min(len(values) - 1, len(values) * 9 // 10)]
    return f"{name}: {len(values)} times, median {median:.1f} s, nine of ten below {ninth:.1f} s, longest {most:.1f} s"


def main() -> None:
    runs = read(Path(sys.argv[1]) if len(sys.argv) > 1 else _DEFAULT)
    print("\n".join(table(runs)))
    kills = sum(run["kills"] for run in runs if not run.get("control"))
    print(f"\n{kills} kills; with none that lost anything, fewer than {3 / max(1, kills):.2%} do (95 %)")
    for name in ("back_after_kill", "back_after_broker", "sigterm"):
        print(spread(runs, name))


if __name__ == "__main__":
    main()
