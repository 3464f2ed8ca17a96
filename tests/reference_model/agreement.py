"""Where the backtest and the reference model differ on the same events."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from streams.cli.failure import UnusableSourceError
from tests.reference_model import compare
from tests.reference_model.__main__ import Dated, backtest, conflicts, read_lines, successors
from tests.reference_model.calendar import read_instant, write_instant
from tests.reference_model.hostile_events import Hostility
from tests.reference_model.policy import read_policy
from tests.support.programs import ROOT

POLICIES = {
    "default": ROOT / "policies/default.toml",
    **{path.stem: path for path in (Path(__file__).parent / "policies").glob("*.toml")},
}
ONE = ("--processes", 1)
STARTS = {"rhythm": "2017-09-01T00:00:00Z"}


def run(name: str, *arguments: str | Path | int) -> None:
    command = import_module(f"streams.cli.commands.{name}").command
    with suppress(UnusableSourceError):  # to reject everything is an answer
        command.main(list(map(str, arguments)), standalone_mode=False)


def loaded(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def hostile(folder: Path, policy_name: str, seed: int, customers: int, days: int) -> list[bytes]:
    calm = folder / "calm.jsonl"
    size = ("--customers", str(customers), "--days", str(days), "--seed", str(seed))
    run("simulate", *size, "--start", STARTS.get(policy_name, "2025-01-01T00:00:00Z"), "--out", calm)
    known = read_policy(POLICIES[policy_name]).segments if policy_name in POLICIES else ()
    keys = [rule.key for rule in known] or ["on", "s0", "s1", "s2", "s3"]
    return Hostility(seed, keys).lines(calm.read_bytes().splitlines())


def agreement(folder: Path, source: Path, lines: list[bytes], until: str | None, later: Sequence[Dated] = ()) -> str:
    """Return how the two differ on the lines, in words; empty if they agree."""
    events = folder / "events.jsonl"
    events.write_bytes(b"\n".join(lines) + b"\n")
    ends = [] if until is None else ["--until", until]
    out, profiles, rejects = folder / "out.jsonl", folder / "profiles.jsonl", folder / "rejects.jsonl"
    for at, file, silently in later:
        ends += ["--then-silently" if silently else "--then", write_instant(at), str(file)]
    run("backtest", events, "--policy", source, *ends, "--out", out, "--profiles", profiles, "--rejects", rejects, *ONE)

    policy = read_policy(source)
    following = successors(later)
    facts, refused = read_lines(lines, policy, time.time_ns() // 1_000_000, following)
    end = None if until is None else read_instant(until)
    refused += conflicts(facts, policy, end, following)
    transitions, standings, forgotten = backtest(facts, policy, end, 1, later)
    refused += forgotten
    found = compare.report([compare.flattened(each) for each in transitions], compare.read(out))
    ours = {each["userId"]: standing(each, write_instant) for each in standings}
    theirs = {each["userId"]: standing(each, str) for each in loaded(profiles)}
    rejected = {each["line"]: each["reason"] for each in loaded(rejects)}
    return found + apart("line", dict(refused), rejected) + apart("profile", ours, theirs)


def apart(what: str, ours: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    return "".join(
        f"\n{what} {name}: {ours.get(name)} | {theirs.get(name)}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    )


def standing(profile: dict[str, Any], instant: Any) -> tuple[Any, ...]:
    joined = {key: instant(at) for key, at in profile["segments"].items()}
    steps = {key: on if isinstance(on, tuple) else (on["step"], on["since"]) for key, on in profile["steps"].items()}
    on_steps = {key: (step, instant(at)) for key, (step, at) in steps.items()}
    since = None if profile["previousStage"] is None else instant(profile["previousSince"])
    before = profile["previousStage"], since
    held_out = profile["holdout"]
    return profile["stage"], instant(profile["since"]), before, profile["seq"], joined, on_steps, held_out
