"""Run benchmarks: python -m bench NAME ... [--quick] [--rounds N] [--results FILE] [--pictures FOLDER]."""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import cast

from bench.machine import described
from bench.report import Bench, LeftOutError, Report, Size
from bench.table import text

BENCHES = (
    "engine",
    "policy",
    "latency",
    "small_load",
    "growth",
    "restore",
    "catchup",
    "core",
    "backtest",
    "scale",
    "wholesale",
    "look_up",
    "intake",
    "push",
    "together",
)


def main() -> int:
    """Run the benchmarks named on the command line; return 1 if one of them failed."""
    arguments = _arguments()
    size = Size(arguments.quick, arguments.rounds or (1 if arguments.quick else 3))
    names = BENCHES if "all" in arguments.bench else tuple(arguments.bench)
    failed = []
    for name in names:
        try:
            _run(name, size, arguments.results, arguments.pictures)
        except LeftOutError as missing:
            print(f"{name}: left out, {missing}", flush=True)
        except Exception as error:
            if len(names) == 1:
                raise
            failed.append(name)
            print(f"{name}: failed, {error!r}", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, size: Size, results: Path, pictures: Path | None) -> None:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {name}: {line}", file=sys.stderr, flush=True)

    report = cast(Bench, importlib.import_module(f"bench.{name}")).measure(size, say)
    for table in report.tables:
        print(f"\n{text(table)}\n")
    for sentence in report.left_out:
        print(f"left out: {sentence}")
    if pictures is not None:
        from bench.picture import draw  # noqa: PLC0415 an extra, and a second to import

        for picture in report.pictures:
            print(f"drawn: {draw(picture, pictures)}")
    line = _line(report, size, time.monotonic() - began)
    if not size.quick:
        results.parent.mkdir(parents=True, exist_ok=True)
        with results.open("a") as file:
            file.write(f"{line}\n")
    print(line, flush=True)


def _line(report: Report, size: Size, seconds: float) -> str:
    asked = {"quick": size.quick, "rounds": size.rounds, "seconds": round(seconds)}
    content = {"bench": report.bench, **asked, **report.figures, "left_out": list(report.left_out), "on": described()}
    return json.dumps(content)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("bench", nargs="+", choices=[*BENCHES, "all"], metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="seconds long, to see that it runs; nothing is kept")
    parser.add_argument("--rounds", type=int, help="how often each is measured (3)")
    parser.add_argument("--results", type=Path, default=_results(), help="where the lines of JSON are kept")
    parser.add_argument("--pictures", type=Path, help="draw the pictures into this folder")
    return parser.parse_args()


def _results() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lifestage" / "bench.jsonl"


if __name__ == "__main__":
    sys.exit(main())
