"""`python -m tests.reference_model EVENTS.jsonl --policy FILE --until T`: the backtest, by the reference model."""

import argparse
import gzip
import json
import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.reference_model.calendar import read_instant
from tests.reference_model.events import Fact, Reject, usable
from tests.reference_model.features import is_held_out
from tests.reference_model.lifetime import conflicting, live, strangers
from tests.reference_model.policy import Policy, read_policy
from tests.reference_model.publication import Transition
from tests.reference_model.succession import Successor

AHEAD = 5 * 60_000

Profile = dict[str, Any]
Refused = tuple[int, str]
"""The number of a line, and the reason."""


def read_lines(
    lines: Iterable[bytes], policy: Policy, now: int, later: Sequence[Successor] = ()
) -> tuple[dict[str, list[Fact]], list[tuple[int, str]]]:
    """Facts by customer, and rejects as (line number, reason)."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    rejects = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        for event in usable(line.rstrip(b"\r\n"), None, policy, later):
            found = event
            if isinstance(found, Fact) and found.at > now + AHEAD:
                found = Reject("from_the_future")
            if isinstance(found, Reject):
                rejects.append((number, found.reason))
            elif isinstance(found, Fact):
                facts[found.user_id].append(replace(found, line=number))
    return facts, rejects


shared_policy = cache(read_policy)

Dated = tuple[int, Path, bool]
"""A policy's file, the instant after which it decides, and whether nothing is told of what changes at it."""


def successors(later: Sequence[Dated]) -> list[Successor]:
    return [Successor(at, shared_policy(source), silently) for at, source, silently in later]


def judged(
    source: Path, later: Sequence[Dated], until: int, facts: list[Fact]
) -> tuple[list[Transition], Profile | None, list[Refused]]:
    lives = live(facts, shared_policy(source), until, successors(later))
    transitions = [it for life in lives for it in life.transitions]
    refused = [(fact.line, "forgotten") for life in lives for fact in life.forgotten]
    refused += [(fact.line, "unknown_customer") for life in lives for fact in life.strangers]
    if not lives or lives[-1].is_over:
        return transitions, None, refused
    life = lives[-1]
    standing = life.standing
    profile = {
        "userId": life.user_id,
        "stage": standing.stage,
        "since": standing.since,
        "previousStage": standing.stays[-1][0] if standing.stays else None,
        "previousSince": standing.stays[-1][1] if standing.stays else None,
        "segments": standing.segments,
        "steps": {key: on[:2] for key, on in standing.steps.items()},
        "holdout": is_held_out(life.policy, life.user_id),
        "seq": len(life.transitions),
    }
    return transitions, profile, refused


def the_end(facts: dict[str, list[Fact]], until: int | None) -> int:
    return max((fact.at for own in facts.values() for fact in own), default=0) if until is None else until


def conflicts(
    facts: dict[str, list[Fact]], policy: Policy, until: int | None, later: Sequence[Successor] = ()
) -> list[tuple[int, str]]:
    """The lines that contradict another record of the same event, or ask about nobody, as rejects."""
    end = the_end(facts, until)
    found = [(fact.line, "conflict") for own in facts.values() for fact in conflicting(own, policy, end, later)]
    return found + [
        (it.line, "unknown_customer") for own in facts.values() for it in strangers(own, policy, end, later)
    ]


def backtest(
    facts: dict[str, list[Fact]], policy: Policy, until: int | None, processes: int, later: Sequence[Dated] = ()
) -> tuple[list[Transition], list[Profile], list[tuple[int, str]]]:
    """All customers' transitions in order, where each stands at the end, and rejects of what was forgotten."""
    end = the_end(facts, until)
    work = partial(judged, policy.source, later, end)
    if processes == 1:
        results = [work(own) for own in facts.values()]
    else:
        with multiprocessing.Pool(processes) as pool:
            results = pool.map(work, facts.values(), chunksize=8)
    transitions = [transition for own, _, _ in results for transition in own]
    transitions.sort(key=lambda each: (each["timestamp"], each["userId"]))
    forgotten = [it for _, _, lines in results for it in lines]
    return transitions, [profile for _, profile, _ in results if profile is not None], forgotten


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reference_model", description=__doc__)
    parser.add_argument("events", type=Path)
    parser.add_argument("--policy", type=Path, required=True)
    parser.add_argument("--until")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--rejects", type=Path)
    given = parser.parse_args()
    policy = read_policy(given.policy)
    until = None if given.until is None else read_instant(given.until)
    if given.until is not None and until is None:
        parser.error(f"{given.until} is no instant")
    opened = gzip.open if given.events.suffix == ".gz" else open
    with opened(given.events, "rb") as lines:
        facts, rejects = read_lines(lines, policy, time.time_ns() // 1_000_000)
    rejects += conflicts(facts, policy, until)
    transitions, profiles, forgotten = backtest(facts, policy, until, given.processes)
    rejects += forgotten
    write(sys.stdout, transitions)
    if given.profiles:
        with given.profiles.open("w", encoding="utf-8") as out:
            write(out, profiles)
    if given.rejects:
        with given.rejects.open("w", encoding="utf-8") as out:
            write(out, [{"line": line, "reason": reason} for line, reason in rejects])


def write(out: Any, values: Iterable[Any]) -> None:
    for value in values:
        print(json.dumps(value, ensure_ascii=False, separators=(",", ":")), file=out)


if __name__ == "__main__":
    main()
