"""What must be told and kept of customers who were forgotten on request: once each, last, and nothing after it."""

import struct

from tests.chaos.verdict.customers import Lived, compare, expected
from tests.chaos.verdict.findings import Findings
from tests.chaos.verdict.forgotten import Carried, Forgotten, mark_key
from tests.chaos.verdict.policies import InForce
from tests.chaos.verdict.published import FORGOTTEN, Published, Transition, is_by_request
from tests.chaos.verdict.stored import Changelog
from tests.reference_model.calendar import read_instant
from tests.reference_model.policy import Policy

_MARK = struct.Struct(">qq")
_NOT_ALLOWED = -1


def told_at(published: dict[str, Published]) -> dict[str, list[int]]:
    """By customer, the instants of the messages that they were forgotten (ms since 1970)."""
    return {user_id: [_instant(it) for it in each.values if is_by_request(it)] for user_id, each in published.items()}


def compare_lives(
    lives: Forgotten, published: dict[str, Published], policy: Policy, in_force: InForce, findings: Findings
) -> dict[str, Published]:
    """Compare each life that was ended with the oracle; returns what was published of those that were not."""
    left = dict(published)
    for user_id, each in published.items():
        told = each.lives()
        if len(told) > 1:
            left.pop(user_id)
            if told[-1]:
                left[user_id] = Published(each.partition, told[-1])
        if len(told) - 1 > len(lives.ended.get(user_id, ())):
            findings.add("duplicated", f"{FORGOTTEN} of {user_id} came {len(told) - 1} times", user_id)
    for number in range(max(map(len, lives.ended.values()), default=0)):
        having = {user_id: ended[number] for user_id, ended in lives.ended.items() if number < len(ended)}
        tasks = {
            user_id: Lived(it.facts, it.ended_by.upto, in_force.later(it.ended_by.partition))
            for user_id, it in having.items()
            if it.facts
        }
        word = expected(policy, tasks) if tasks else {}
        for user_id, life in having.items():
            told = published[user_id].lives() if user_id in published else []
            if number >= len(told) - 1:
                findings.add("lost", f"{FORGOTTEN} of {user_id}, time {number + 1}", user_id)
                continue
            *values, last = told[number]
            _compare_last(user_id, last, life.ended_by, findings)
            if user_id in word:
                compare(word[user_id], Published(life.ended_by.partition, values), findings)
            elif values:
                findings.add(
                    "wrong_transitions", f"{user_id} did nothing, and was told of {len(values)} times", user_id
                )
            findings.figures["forgotten"] += 1
    for user_id in lives.requests:
        if lives.is_closed(user_id) and left.pop(user_id, Published(0)).values:
            findings.add("wrong_transitions", f"{user_id} was forgotten, and something was told later", user_id)
    return left


def compare_kept(
    lives: Forgotten, asked: dict[str, list[str]], changelog: Changelog, rows: set[str], findings: Findings
) -> None:
    """Demand of those who are forgotten in the end: nothing kept of them but a mark. ``rows``: who is in Redis."""
    for user_id, kinds in asked.items():
        carried = [it.type for it in lives.requests.get(user_id, ())]
        if carried != kinds:
            findings.add("unaccounted", f"{user_id}: {kinds} was asked, and {carried} is in the log")
    for user_id, requests in lives.requests.items():
        if user_id not in asked:
            findings.add("unaccounted", f"nobody asked to forget {user_id}")
        if not lives.is_closed(user_id):
            continue
        findings.figures["forgotten_for_good"] += 1
        if user_id not in changelog.gone:
            findings.add("wrong_state", f"the changelog has no tombstone of {user_id}, who is forgotten")
        wanted = _MARK.pack(max([requests[-1].clock, *lives.told_at.get(user_id, [])[-1:]]), _NOT_ALLOWED)
        if changelog.marks.get(mark_key(user_id)) != wanted:
            findings.add("wrong_state", f"the changelog does not know since when {user_id} is forgotten")
        if user_id in rows:
            findings.add("wrong_state", f"Redis has {user_id}, who is forgotten")


def _compare_last(user_id: str, last: Transition, request: Carried, findings: Findings) -> None:
    at, given = _instant(last), last["properties"]
    if not request.clock <= at <= max(request.clock, request.upto):
        words = f"{user_id} was forgotten at {at}, by a request carried out between {request.clock} and {request.upto}"
        findings.add("wrong_transitions", words, user_id)
    if given["reason"] != request.reason or given["retracted"] or given["correction"]:
        findings.add("wrong_transitions", f"{FORGOTTEN} of {user_id} says {given}", user_id)


def _instant(transition: Transition) -> int:
    at = read_instant(transition["timestamp"])
    assert at is not None
    return at
