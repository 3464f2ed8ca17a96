"""`python -m tests.chaos.verdict CASE.json`: one JSON line with what was lost, repeated, wrong, or unaccounted for."""

import asyncio
import json
import sys
import time
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.verdict import deleted, ended, mirror, passed_on, policies, topics
from tests.chaos.verdict.admitted import Customer, admitted, read_rejects
from tests.chaos.verdict.batches import Batches
from tests.chaos.verdict.customers import Expected, Lived, compare, compare_stored, expected
from tests.chaos.verdict.findings import KINDS, Findings
from tests.chaos.verdict.forgotten import REQUEST_KEY, Forgotten
from tests.chaos.verdict.policies import InForce
from tests.chaos.verdict.published import Published, collect
from tests.chaos.verdict.recreated import Earlier, logs
from tests.chaos.verdict.stored import Changelog, profiles
from tests.chaos.verdict.topics import Seen
from tests.reference_model.calendar import write_instant
from tests.reference_model.policy import Policy, read_policy

# A worker that is asked to stop leaves what it has just committed to the next one to copy.
_YOUNG_MS = 5000
_KEPT = 8


@dataclass(frozen=True)
class Case:
    """Where the run took place: the broker, the names of its topics, and the policy."""

    bootstrap: str
    inputs: list[str]
    transitions: str
    rejects: str
    changelog: str
    partitions: int
    policy: str
    policies: str
    redis_url: str
    app_id: str
    kept: str
    poisoned: dict[str, str]
    """Customers that the harness made unreadable, and in base64 what it wrote for them."""
    deleted: str
    """A file with the input that is in no log any more."""
    skipped: list[tuple[str, int, int, int]]
    """Topic, partition, first offset and the one after the last: deleted before it was counted, and given up."""
    forgotten: dict[str, list[str]] = field(default_factory=dict)
    """By customer, the requests that must have been carried out: ``forget`` and ``allow``, in turn."""
    recreated: list[dict[str, Any]] = field(default_factory=list)
    """Inputs that were deleted and made again."""
    customers: dict[str, Any] | None = None
    """Where accounts are decided: the case of the customers, whose workers passed on what the inputs hold."""

    @property
    def earlier(self) -> list[Earlier]:
        """The inputs of before those that were made again."""
        return [Earlier(**it) for it in self.recreated]


async def judge(case: Case) -> Findings:
    """Read everything and compare it."""
    findings = Findings()
    outputs = [case.transitions, case.rejects, case.changelog]
    committed = {
        name: await topics.read(case.bootstrap, [name], case.partitions, "read_committed")
        for name in (*case.inputs, *outputs)
    }
    for name in outputs:
        everything = await topics.read(case.bootstrap, [name], case.partitions, "read_uncommitted")
        findings.figures["aborted_seen"] += len(everything) - len(committed[name])
    await _nothing_open(case, outputs, findings)

    policy = read_policy(case.policy)
    changelog = Changelog(committed[case.changelog], case.earlier)
    for words in changelog.went_back:
        findings.add("wrong_state", f"the position went back: {words}")
    for words in changelog.ahead:
        findings.add("wrong_state", f"committed by a clock that was ahead: {words}")
    _set_apart(case, changelog, findings)
    records = _in_order(case, [record for name in case.inputs for record in committed[name]])
    findings.figures["given_up"] = sum(begin - first for _, _, first, begin in case.skipped)
    await _all_read(case, changelog, passed_on.events_in(records) if case.customers else records, findings)
    rejects = read_rejects(committed[case.rejects], records, findings, case.earlier)
    uptos = {number: changelog.uptos.get(number, 0) for number in range(case.partitions)}
    counted = _counted(records, changelog)
    in_force = await _in_force(case, committed[case.changelog], findings)
    lives = Forgotten(
        counted, Batches(case.inputs, committed[case.changelog], counted, case.earlier), in_force.closed_until
    )
    published = collect(committed[case.transitions], findings)
    lives.told_at = ended.told_at(published)
    in_force.compare(published, findings)
    reading = policy
    if case.customers is not None:
        counted, reading = passed_on.events_in(counted), passed_on.as_sent(policy)
        sent = await _counted_by_customers(Case(**case.customers))
        passed_on.compare(sent, passed_on.events_in(records), case.inputs, policy, findings)
    counted = [it for it in counted if it.key != REQUEST_KEY]
    customers = admitted(counted, rejects, reading, uptos, case.poisoned.keys(), lives, findings)
    published = ended.compare_lives(lives, published, policy, in_force, findings)
    word = _word(policy, customers, changelog, in_force, findings)
    _compare(word, published, changelog, [it.file for it in in_force.published.values()], findings)
    rows = await _compare_mirror(case, word, published, changelog, findings) if case.redis_url else set[str]()
    ended.compare_kept(lives, case.forgotten, changelog, rows, findings)
    _keep(case, records, rejects, customers, changelog, findings)
    return findings


def _in_order(case: Case, records: list[Seen]) -> list[Seen]:
    """The records of the inputs as each log had them, but for those that were given up."""
    found = deleted.read(Path(case.deleted)) + records
    order = logs(case.inputs, case.earlier)
    found.sort(key=lambda it: (order.index(it.topic), it.partition, it.offset))
    return deleted.counted(found, case.skipped)


def _counted(records: list[Seen], changelog: Changelog) -> list[Seen]:
    """Those that the position has passed. That others were left is a finding already; they can have done nothing."""
    return [it for it in records if it.offset < changelog.positions.get((it.topic, it.partition), 0)]


async def _counted_by_customers(case: Case) -> list[Seen]:
    log = await topics.read(case.bootstrap, [case.changelog], case.partitions, "read_committed")
    changelog = Changelog(log, case.earlier)
    records = await topics.read(case.bootstrap, case.inputs, case.partitions, "read_committed")
    counted = _counted(_in_order(case, records), changelog)
    lives = Forgotten(counted, Batches(case.inputs, log, counted, case.earlier))
    return [it for it in counted if not lives.says_nothing(it)]


def _set_apart(case: Case, changelog: Changelog, findings: Findings) -> None:
    """Take out the customers that cannot be read: their bytes must be untouched."""
    for user_id, planted in case.poisoned.items():
        if changelog.snapshots.pop(user_id, b"") != b64decode(planted):
            findings.add("wrong_state", f"the changelog has something new for {user_id}, who cannot be read")


def _keep(
    case: Case,
    records: list[Seen],
    rejects: dict[tuple[str, int, int], tuple[str, str]],
    customers: dict[str, Customer],
    changelog: Changelog,
    findings: Findings,
) -> None:
    """Write down the events of the customers that something is wrong with, for ``lifestage backtest --until``."""
    if not findings.customers:
        return
    keys = {user_id.encode(): user_id for user_id in findings.customers}
    lines = [
        record.value.replace(b"\n", b" ")
        for record in records
        if record.key in keys and record.value and (record.topic, record.partition, record.offset) not in rejects
    ]
    Path(case.kept).write_bytes(b"\n".join(lines) + b"\n")
    for user_id in sorted(findings.customers & customers.keys())[:_KEPT]:
        partition = customers[user_id].partition
        upto = write_instant(changelog.uptos[partition])
        changed = write_instant(changelog.changed_at.get(user_id, 0))
        findings.words.append(f"{user_id} of partition {partition} was decided until {upto}, last written by {changed}")


def _word(
    policy: Policy, customers: dict[str, Customer], changelog: Changelog, in_force: InForce, findings: Findings
) -> dict[str, Expected]:
    began = time.monotonic()
    lived = {
        key: Lived(each.facts, changelog.uptos[each.partition], in_force.later(each.partition))
        for key, each in customers.items()
    }
    word = expected(policy, lived)
    findings.figures["customers"] = len(word)
    findings.figures["facts"] = sum(len(each.facts) for each in customers.values())
    findings.figures["oracle_seconds"] = round(time.monotonic() - began)
    return word


def _compare(
    word: dict[str, Expected],
    published: dict[str, Published],
    changelog: Changelog,
    policies: list[Path],
    findings: Findings,
) -> None:
    stored = profiles(changelog.snapshots, policies)
    for user_id in published.keys() - word.keys():
        findings.add("wrong_transitions", f"{user_id} is nobody")
    for user_id in stored.keys() - word.keys():
        findings.add("wrong_state", f"the changelog has {user_id}, who is nobody")
    for user_id, each in word.items():
        compare(each, published.get(user_id), findings)
        count = len(published[user_id].values) if user_id in published else 0
        compare_stored(each, stored.get(user_id), count, "the changelog", findings)


async def _compare_mirror(
    case: Case, word: dict[str, Expected], published: dict[str, Published], changelog: Changelog, findings: Findings
) -> set[str]:
    """Compare Redis; returns who is in it, but for those who may have been gone only just before the end."""
    rows, sets = await mirror.read(case.redis_url, case.app_id)
    if sets != mirror.sets_of(rows):
        findings.add("wrong_state", "the sets in Redis are not those of its customers")
    end = max(changelog.uptos.values(), default=0)
    for user_id, each in word.items():
        row = rows.get(user_id)
        changed_at = changelog.changed_at.get(user_id, 0)
        if changed_at > end - _YOUNG_MS and (row is None or row["upto"] < changed_at):
            findings.figures["redis_not_yet"] += 1
            continue
        count = len(published[user_id].values) if user_id in published else 0
        compare_stored(each, row, count, "Redis", findings)
    return {user_id for user_id in rows if changelog.changed_at.get(user_id, 0) <= end - _YOUNG_MS}


async def _in_force(case: Case, changelog: list[Seen], findings: Findings) -> InForce:
    records = await topics.read(case.bootstrap, [case.policies], 1, "read_committed")
    return InForce(policies.read(records, Path(case.kept).parent), changelog, findings)


async def _nothing_open(case: Case, outputs: list[str], findings: Findings) -> None:
    stable = await topics.ends(case.bootstrap, outputs, case.partitions, "read_committed")
    written = await topics.ends(case.bootstrap, outputs, case.partitions, "read_uncommitted")
    for place, end in written.items():
        if stable[place] != end:
            findings.add("unaccounted", f"a transaction is open in {place}: it can be read to {stable[place]} of {end}")


async def _all_read(case: Case, changelog: Changelog, records: list[Seen], findings: Findings) -> None:
    lasts = {(it.topic, it.partition): it.offset for it in records}
    for place, end in (await topics.ends(case.bootstrap, case.inputs, case.partitions, "read_committed")).items():
        # After the last record there can be the mark of its transaction, or how far a writer of account events was.
        if not lasts.get(place, -1) < changelog.positions.get(place, 0) <= end:
            findings.add("unaccounted", f"{place} has {end} records, {changelog.positions.get(place, 0)} are counted")


def main() -> None:
    case = Case(**json.loads(Path(sys.argv[1]).read_text("utf-8")))
    findings = asyncio.run(judge(case))
    result: dict[str, Any] = {kind: findings.counts[kind] for kind in KINDS}
    print(json.dumps({**result, "figures": findings.figures, "words": findings.words}))


if __name__ == "__main__":
    main()
