"""A run from beginning to end: the scene, the faults in their order, the quiet, and the verdict."""

import asyncio
import json
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streams.policy_file import shipped_policy
from streams.topics import topics_of
from tests.chaos import (
    broker_faults,
    faults,
    forgetting,
    log_faults,
    mixed_versions,
    publishing,
    recreated_topics,
    wrong_clocks,
)
from tests.chaos.plan import Plan
from tests.chaos.scene import Scene, StuckError, scene
from tests.chaos.verdict import deleted

FAULTS = {
    "kill": faults.kill,
    "failpoint": faults.failpoint,
    "zombie": faults.zombie,
    "term": faults.term,
    "scale": faults.scale,
    "redis": faults.redis,
    "disk": faults.disk,
    "offsets": broker_faults.offsets,
    "poison": log_faults.poison,
    "truncation": log_faults.truncation,
    "compaction": broker_faults.compaction,
    "stall": broker_faults.stall,
    "broker": broker_faults.broker,
    "mixed": mixed_versions.mixed,
    "forget": forgetting.forget,
    "policy": publishing.policy,
    "recreated": recreated_topics.recreated,
    "clock": wrong_clocks.clock,
}
# What hits customers' workers and accounts' workers in turn. The others are faults of the broker, or of what is sent.
_OF_BOTH = ("kill", "failpoint", "zombie", "term", "scale", "redis", "disk", "offsets", "compaction", "mixed", "clock")
Judge = Callable[[Scene], Awaitable[dict[str, Any]]]
MUST_BE_NOTHING = ("lost", "duplicated", "wrong_state", "wrong_transitions", "unaccounted")
_MEASURES = (
    "back_after_kill",
    "back_after_broker",
    "sigterm",
    "forgotten",
    "stopped_after_recreation",
    "back_after_wrong_clock",
)
_ABORTED_FROM_KILLS = 20


async def run(
    plan: Plan,
    command: list[str] | None = None,
    judge: Judge | None = None,
    prepare: Callable[[Scene], Awaitable[None]] | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Do what the plan says. Returns the line of results, and what it lacks to be a pass, in words.

    A control has its own ``command`` for a worker of customers, its own ``judge``, or something to ``prepare``.
    """
    with tempfile.TemporaryDirectory(prefix="lifestage-chaos-", ignore_cleanup_errors=True) as folder:
        kept = Path(folder)
        began = time.monotonic()
        async with scene(plan, kept, command) as set_up:
            workers = " and ".join([str(plan.workers)] * len(set_up.places))
            set_up.say(f"seed {plan.seed}: {len(plan.steps)} faults on {plan.broker}, {workers} workers")
            if prepare is not None:
                await prepare(set_up)
            stuck = await _faults(set_up)
            verdict = await (judge or verdict_of)(set_up)
        result = _result(set_up, verdict, time.monotonic() - began)
        ended = [words for each in set_up.places for words in each.wrong + each.fleet.unexpected]
        missing = stuck + ended + _missing(plan, result)
        for words in verdict["words"]:
            print(f"  {words}")
        if missing or any(result[name] for name in MUST_BE_NOTHING):
            _keep_logs(kept, plan)
        return result, missing


async def _faults(set_up: Scene) -> list[str]:
    places, turn = set_up.places, 0
    try:
        await _back_at_work(places)
        for step in set_up.plan.steps:
            await asyncio.sleep(set_up.dice.uniform(0, 2))
            if step in _OF_BOTH:
                await FAULTS[step](places[turn % len(places)])
                turn += 1
            else:
                await FAULTS[step](set_up)
            if len(places) > 1:
                await _back_at_work(places)
        set_up.say("no more faults: the load ends")
        set_up.load.stop()
        for place in places:
            await place.quiet()
        for place in reversed(places):
            await faults.stop_all(place)
    except StuckError as error:
        for place in places:
            for worker in place.fleet.alive():
                place.fleet.kill(worker)
        return [str(error)]
    return []


async def _back_at_work(places: list[Scene]) -> None:
    since = time.time()
    for place in places:
        await place.back_at_work(since)


async def verdict_of(set_up: Scene) -> dict[str, Any]:
    """Let a process of its own judge what the topics and Redis hold; accounts have a verdict of theirs beside."""
    verdict = await _judged(set_up, _case(set_up))
    if set_up.accounts is not None:
        case = {**_case(set_up.accounts), "customers": _case(set_up)}
        beside = await _judged(set_up.accounts, case)
        verdict["words"] += [f"accounts: {words}" for words in beside.pop("words")]
        verdict["accounts"] = beside
        for name in MUST_BE_NOTHING:
            verdict[name] += beside[name]
        verdict["figures"]["aborted_seen"] += beside["figures"].pop("aborted_seen")
    return verdict


def _case(set_up: Scene) -> dict[str, Any]:
    topics = topics_of(set_up.settings)
    deleted.write(set_up.folder / "deleted.jsonl", set_up.deleted)
    return {
        "bootstrap": set_up.settings.broker,
        "inputs": topics.inputs,
        "transitions": topics.transitions,
        "rejects": topics.rejects,
        "changelog": topics.changelog,
        "partitions": set_up.settings.partitions,
        "policy": str(set_up.settings.policy),
        "policies": topics.policies,
        "redis_url": set_up.settings.redis_url,
        "app_id": set_up.settings.app_id,
        "kept": str(set_up.folder / "customers.jsonl"),
        "poisoned": {customer: b64encode(planted).decode() for customer, planted in set_up.poisoned.items()},
        "deleted": str(set_up.folder / "deleted.jsonl"),
        "skipped": set_up.skipped,
        "forgotten": set_up.forgotten,
        "recreated": [asdict(it) for it in set_up.recreated],
    }


async def _judged(set_up: Scene, case: dict[str, Any]) -> dict[str, Any]:
    path = set_up.folder / "case.json"
    path.write_text(json.dumps(case), "utf-8")
    set_up.say("the verdict")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.verdict", str(path), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"no verdict: exit code {process.returncode}")
    verdict: dict[str, Any] = json.loads(output)
    return verdict


def _result(set_up: Scene, verdict: dict[str, Any], seconds: float) -> dict[str, Any]:
    plan, places = set_up.plan, set_up.places
    happened = sum((place.happened for place in places), Counter[str]())
    figures = verdict["figures"]
    return {
        "seed": plan.seed,
        "broker": plan.broker,
        **({} if plan.policy == shipped_policy() else {"policy": plan.policy.stem}),
        **({"control": plan.control} if plan.control else {}),
        **({} if plan.other_tree is None else {"other_tree": plan.other_tree.name}),
        "workers": plan.workers,
        "events": figures.pop("events", 0),
        "kills": happened["kill"] + happened["again"] + happened["failpoint"],
        "faults": dict(sorted(happened.items())),
        **{name: verdict[name] for name in MUST_BE_NOTHING},
        "aborted_seen": figures.pop("aborted_seen", 0),
        "figures": figures,
        **_of_accounts(set_up, verdict),
        "measured": {name: [it for place in places for it in place.figures.get(name, [])] for name in _MEASURES},
        "load": dict(set_up.load.counts),
        "unexpected_exits": sum(len(place.fleet.unexpected) for place in places),
        "seconds": round(seconds),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _of_accounts(set_up: Scene, verdict: dict[str, Any]) -> dict[str, Any]:
    """What of the result is the accounts': the sums have it too."""
    if set_up.accounts is None or set_up.plan.accounts is None:
        return {}
    happened = dict(sorted(set_up.accounts.happened.items()))
    return {"accounts": {"policy": set_up.plan.accounts.stem, "faults": happened, **verdict.get("accounts", {})}}


def _missing(plan: Plan, result: dict[str, Any]) -> list[str]:
    asked = {step: plan.steps.count(step) for step in plan.steps}
    happened = Counter(result["faults"])
    lacking = [
        f"{step} happened {happened[step]} times of {number}"
        for step, number in asked.items()
        if happened[step] < number
    ]
    if result["kills"] >= _ABORTED_FROM_KILLS and not result["aborted_seen"]:
        lacking.append("nothing was ever aborted: the kills hit nothing")
    return lacking


def _keep_logs(folder: Path, plan: Plan) -> None:
    kept = plan.results.parent / f"chaos-{plan.seed}-{time.time():.0f}"
    kept.mkdir(parents=True)
    for pattern in ("*.log", "*.jsonl", "*.toml"):
        for place in ("", "accounts"):
            for file in (folder / place).glob(pattern):
                (kept / place).mkdir(exist_ok=True)
                (kept / place / file.name).write_bytes(file.read_bytes())
    print(f"  the workers' logs, and the events of who was treated wrongly, are in {kept}")
