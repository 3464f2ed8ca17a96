"""A worker whose machine's clock is wrong for a while, by libfaketime: it must commit nothing, and wait."""

import asyncio
import time
from collections.abc import Collection
from pathlib import Path

from streams.topics import topics_of
from tests.chaos.faults import any_worker, terminated
from tests.chaos.fleet import FleetWorker
from tests.chaos.scene import BACK_SECONDS, Scene, StuckError
from tests.chaos.verdict import topics
from tests.support.fake_clock import fake_clock

_TURNS = (("ahead", False), ("behind", False), ("ahead", True), ("behind", True))
_HOUR_SECONDS = 3600


async def clock(scene: Scene) -> None:
    """Set a worker's clock hours ahead or back, under it or before it starts, and then right again."""
    word, from_the_start = _TURNS[scene.happened["clock"] % len(_TURNS)]
    seconds = scene.dice.randint(1, 12) * _HOUR_SECONDS + scene.dice.randrange(_HOUR_SECONDS)
    wrong = seconds if word == "ahead" else -seconds
    before = any_worker(scene)
    await terminated(scene, before)
    file = scene.folder / f"{before.instance}.clock"
    _set(file, wrong if from_the_start else 0)
    at = time.time()
    worker = scene.fleet.start(before.instance, full_disk=False, **fake_clock(file, cached=True))
    if not from_the_start:
        await scene.back_at_work(at)
        _set(file, wrong)
    when = "starts with its clock" if from_the_start else "has its clock suddenly"
    scene.say(f"{worker.instance} {when} {seconds} s {word}")
    waiting = await _until_waiting(scene, worker, f"{word} of" if word == "ahead" else word)
    committed = await _committed(scene, waiting)
    await asyncio.sleep(scene.dice.uniform(1, 6))
    if await _committed(scene, waiting) != committed:
        scene.wrong.append(f"{worker.instance} committed something while its clock was {seconds} s {word}")
    _set(file, 0)
    scene.say(f"the clock is right again; partitions {sorted(waiting)} were waiting")
    scene.happened["clock"] += 1
    scene.happened[f"clock {word}"] += 1
    scene.measured("back_after_wrong_clock", await scene.back_at_work(time.time()))
    # The library makes a worker slow; the faults that follow need no second clock.
    await terminated(scene, worker)
    at = time.time()
    scene.fleet.start(worker.instance)
    await scene.back_at_work(at)


def _set(file: Path, seconds: int) -> None:
    """Put in place at once: the library may read at any instant."""
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+d}")
    new.replace(file)


async def _until_waiting(scene: Scene, worker: FleetWorker, distance: str) -> Collection[int]:
    """Until each partition of the worker waits and says why, while all others are at work; returns the former."""
    deadline, since = time.time() + BACK_SECONDS, time.time()
    while True:
        groups = worker.last_health.get("partitions", {})
        waiting = {
            int(partition)
            for partition, group in groups.items()
            if group["state"] == "failed"
            and "this machine's clock is" in group["reason"]
            and distance in group["reason"]
        }
        others = scene.fleet.covered(since, without=waiting)
        if waiting and len(waiting) == len(groups) and others and not worker.last_health["ready"]:
            return waiting
        if time.time() > deadline:
            raise StuckError(f"{worker.instance} was to wait, the others to go on: {scene.fleet.states()}")
        await asyncio.sleep(0.05)


async def _committed(scene: Scene, partitions: Collection[int]) -> int:
    changelog = topics_of(scene.settings).changelog
    log = await topics.read(scene.settings.broker, [changelog], scene.settings.partitions, "read_committed")
    return sum(it.partition in partitions for it in log)
