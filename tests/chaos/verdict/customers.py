"""Customers compared with the oracle: their standing transitions, and their stored state."""

import multiprocessing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.published import Published, Transition
from tests.reference_model.__main__ import Dated, successors
from tests.reference_model.calendar import write_instant
from tests.reference_model.events import Fact
from tests.reference_model.lifetime import live
from tests.reference_model.policy import Policy, read_policy

_IDENTITY = ("event", "timestamp")
_CAUSE = ("cause", "cause_event", "cause_deadline", "cause_message_id")
_OF_SIGNALS = ("signal_key", "occasion")
_SAID = ("from", "to", *_CAUSE, "transition", "audience_key", "ladder_key", "direction", *_OF_SIGNALS)
_FIGURES = (
    "stage",
    "orders",
    "revenue",
    "average_order_value",
    "recency_days",
    "next_transition",
    "next_at",
    "step_times",
)
_policy = cache(read_policy)


@dataclass(frozen=True)
class Expected:
    """Where a customer must stand."""

    user_id: str
    transitions: list[Transition]
    stage: str
    since: str
    segments: dict[str, str]
    steps: dict[str, list[str]]


@dataclass(frozen=True)
class Lived:
    """The facts of a customer, the instant until which they were decided, and the policies after the first."""

    facts: list[Fact]
    until: int
    later: tuple[Dated, ...] = ()


def expected(policy: Policy, lives: dict[str, Lived], processes: int = 2) -> dict[str, Expected]:
    """The oracle's word on every customer."""
    with multiprocessing.Pool(processes) as pool:
        # The one with the most facts takes the longest: first, so that nobody waits for it alone at the end.
        tasks = sorted(lives.values(), key=lambda each: -len(each.facts))
        judged = pool.imap_unordered(partial(_expected, policy.source), tasks, chunksize=1)
        return {each.user_id: each for each in judged}


def _expected(source: Path, lived: Lived) -> Expected:
    end = max(lived.until, *(fact.at for fact in lived.facts))
    *_, life = live(lived.facts, _policy(source), end, successors(lived.later))  # the load has no retention
    standing = life.standing
    joined = {key: write_instant(at) for key, at in standing.segments.items()}
    steps = {ladder: [on[0], write_instant(on[1])] for ladder, on in standing.steps.items()}
    return Expected(life.user_id, life.transitions, standing.stage, write_instant(standing.since), joined, steps)


def compare(each: Expected, published: Published | None, findings: Findings) -> None:
    """One customer's standing transitions."""
    wanted = {it["messageId"]: it for it in each.transitions}
    standing = [] if published is None else published.standing()
    seen = {it["messageId"].partition(".")[0]: it for it in standing}
    if len(seen) < len(standing):
        findings.add("duplicated", f"something of {each.user_id} stands twice")
    for name in wanted.keys() - seen.keys():
        findings.add("lost", f"{each.user_id}: {_words(wanted[name])}", each.user_id)
    for name in seen.keys() - wanted.keys():
        findings.add("wrong_transitions", f"{each.user_id}: {_words(seen[name])} does not follow", each.user_id)
    corrected = any(it["properties"]["correction"] for it in published.values) if published else False
    for name in wanted.keys() & seen.keys():
        _alike(each.user_id, wanted[name], seen[name], corrected, findings)
    findings.figures["standing"] += len(standing)


def _alike(user_id: str, wanted: Transition, seen: Transition, corrected: bool, findings: Findings) -> None:
    found, expected = seen["properties"], wanted["properties"]
    differing = [name for name in _IDENTITY if seen[name] != wanted[name]]
    differing += [name for name in _SAID if found.get(name) != expected.get(name)]
    if differing:
        findings.add("wrong_transitions", f"{user_id}: {_words(seen)} differs in {differing}", user_id)
    # Figures are of their moment: a fact that came later corrects them only where it corrects the change.
    if not corrected and any(found.get(name) != expected.get(name) for name in _FIGURES):
        findings.figures["figures_of_their_moment"] += 1


def compare_stored(each: Expected, stored: dict[str, Any] | None, count: int, where: str, findings: Findings) -> None:
    """What is stored of a customer: stage, segments, steps, and how many transitions were published."""
    if stored is None:
        findings.add("wrong_state", f"{where} has no {each.user_id}")
        return
    wanted = {"stage": each.stage, "since": each.since, "segments": each.segments, "steps": each.steps, "seq": count}
    for name, value in wanted.items():
        if stored[name] != value:
            words = f"{where}: {each.user_id} has {name} {stored[name]}, it should be {value}"
            findings.add("wrong_state", words, each.user_id)
            return


def _words(transition: Transition) -> str:
    found = transition["properties"]
    what = found.get("transition") or found.get("signal_key")
    what = what or f"{found.get('ladder_key') or found['audience_key']} {found['to']}"
    return f"{transition['timestamp']} {what} by {found['cause']} ({transition['messageId']})"
