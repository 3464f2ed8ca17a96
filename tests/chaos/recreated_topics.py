"""An input that is deleted and made again under its workers, once they have counted all of it."""

import asyncio
import time
from dataclasses import replace

from streams.connection import administration
from streams.topic_metadata import topic_metadata
from streams.topics import TopicsError, create, topics_of
from tests.chaos.scene import BACK_SECONDS, Scene, StuckError
from tests.chaos.verdict import topics
from tests.chaos.verdict.recreated import Earlier
from tests.chaos.verdict.stored import Changelog

_LOOK_SECONDS = 0.2


async def recreated(scene: Scene) -> None:
    """Delete an input and make it again: its partitions must stop and name the command; then it is given for each."""
    topic = scene.dice.choice(topics_of(scene.settings).inputs)
    await scene.load.withhold(topic)
    concerned = await _take_aside(scene, topic)
    at = time.time()
    await _remake(scene, topic)
    scene.say(f"{topic} was deleted and made again, all of it counted in partitions {concerned}")
    await _until_stopped(scene, topic, concerned)
    scene.measured("stopped_after_recreation", time.time() - at)
    if scene.dice.random() < 0.5:
        # Whoever opens the partitions next finds the same.
        worker = scene.dice.choice(scene.fleet.alive())
        scene.say(f"kill -9 {worker.instance} meanwhile")
        scene.fleet.kill(worker)
        scene.happened["again"] += 1
        scene.fleet.start(worker.instance)
        await _until_stopped(scene, topic, concerned)
    # What comes before the command is given belongs to the new log, too.
    scene.load.resume(topic)
    for partition in concerned:
        code, output = await scene.fleet.command("topics", "skip-lost", "--partition", str(partition))
        if code or f"{topic}[{partition}] goes on at 0" not in output:
            scene.wrong.append(f"skip-lost ended with {code}: {output}")
    scene.say("skip-lost was given for each")
    scene.happened["recreated"] += 1
    await scene.back_at_work(time.time())


async def _take_aside(scene: Scene, topic: str) -> list[int]:
    """Keep for the verdict what the topic holds, once all of it is counted; returns the partitions that hold any."""
    names, partitions = topics_of(scene.settings), scene.settings.partitions
    deadline = time.time() + BACK_SECONDS
    ends = await _ends(scene, topic)
    while (counted := await _counted(scene, topic)) != ends:
        if time.time() > deadline:
            raise StuckError(f"{topic} ends at {ends} and is counted to {counted}")
        await asyncio.sleep(1)
    async with topic_metadata(scene.settings, [topic]) as reader:
        topic_id = (await reader.read())[topic].id.hex()
    name = f"{topic}, {len(scene.recreated) + 1}"
    scene.deleted = [replace(it, topic=name) if it.topic == topic else it for it in scene.deleted]
    scene.skipped = [(name if it[0] == topic else it[0], *it[1:]) for it in scene.skipped]
    log = await topics.read(scene.settings.broker, [topic], partitions, "read_committed")
    scene.deleted += [replace(it, topic=name) for it in log]
    rejects = await _ends(scene, names.rejects)
    scene.recreated.append(Earlier(topic, name, topic_id, ends, rejects))
    return [number for number, end in enumerate(ends) if end]


async def _ends(scene: Scene, topic: str) -> list[int]:
    found = await topics.ends(scene.settings.broker, [topic], scene.settings.partitions, "read_committed")
    return [found[topic, number] for number in range(scene.settings.partitions)]


async def _counted(scene: Scene, topic: str) -> list[int]:
    changelog = topics_of(scene.settings).changelog
    log = await topics.read(scene.settings.broker, [changelog], scene.settings.partitions, "read_committed")
    positions = Changelog(log, scene.recreated).positions
    return [positions.get((topic, number), 0) for number in range(scene.settings.partitions)]


async def _remake(scene: Scene, topic: str) -> None:
    async with administration(scene.settings) as admin:
        await admin.delete_topics([topic])
        async with asyncio.timeout(BACK_SECONDS):
            while topic in await admin.list_topics():
                await asyncio.sleep(_LOOK_SECONDS)
    deadline = time.time() + BACK_SECONDS
    while True:
        try:
            made = await create(scene.settings)
        except TopicsError:
            # A broker may still be deleting what it no longer lists.
            made = []
        if topic in made:
            return
        if time.time() > deadline:
            raise StuckError(f"{topic} could not be made again")
        await asyncio.sleep(_LOOK_SECONDS)


async def _until_stopped(scene: Scene, topic: str, partitions: list[int]) -> None:
    """Until each of these is stopped with the reason and the way out, and whoever has them is not ready."""
    deadline = time.time() + BACK_SECONDS
    while not all(_stopped(scene, topic, number) for number in partitions):
        if time.time() > deadline:
            raise StuckError(f"partitions {partitions} were to stop: {scene.fleet.states()}")
        await asyncio.sleep(_LOOK_SECONDS)


def _stopped(scene: Scene, topic: str, partition: int) -> bool:
    reason = scene.fleet.stopped().get(partition, "")
    said = f"{topic}[{partition}] was deleted and made again" in reason
    holders = [it for it in scene.fleet.alive() if str(partition) in it.last_health.get("partitions", {})]
    unready = not any(it.last_health["ready"] for it in holders)
    return said and unready and f"lifestage topics skip-lost --partition {partition}" in reason
