"""Faults in the logs: a customer that cannot be read, and input that was deleted before it was counted."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from schemas.instant import to_text
from streams.connection import administration
from streams.topics import topics_of
from tests.chaos.faults import start_all, stop_all
from tests.chaos.scene import BACK_SECONDS, Scene, StuckError
from tests.chaos.verdict import topics
from tests.chaos.verdict.stored import Changelog

_EVENTS = 6
_NO_SNAPSHOT = b"no snapshot at all"


async def poison(scene: Scene) -> None:
    """A customer whose stored state cannot be read: their events must become rejects, and nobody else must notice."""
    await stop_all(scene)
    changelog = topics_of(scene.settings).changelog
    customer = f"poison-{scene.happened['poison']}"
    planted = _NO_SNAPSHOT
    if scene.happened["poison"] % 2 == 0:
        # Half of a snapshot: what is known without decoding it looks well.
        somebody = Changelog(await topics.read(scene.settings.broker, [changelog], 1, "read_committed"))
        snapshot = max(somebody.snapshots.values(), key=len)
        planted = snapshot[: len(snapshot) // 2]
    async with _producer(scene) as producer:
        partition = await _order(scene, producer, customer)
        await producer.send_and_wait(changelog, planted, customer.encode(), partition)
    scene.say(f"the changelog has {len(planted)} bytes for {customer} that cannot be read")
    scene.poisoned[customer] = planted
    scene.happened["poison"] += 1
    at = start_all(scene)
    await scene.back_at_work(at)
    async with _producer(scene) as producer:
        for each in scene.poisoned:
            await _order(scene, producer, each)


async def truncation(scene: Scene) -> None:
    """Delete input before it is counted: that group must stop and name a command, the others go on; then run it."""
    await stop_all(scene)
    names = topics_of(scene.settings)
    place = TopicPartition(scene.dice.choice(names.inputs[:2]), scene.dice.randrange(scene.settings.partitions))
    written = await topics.read(scene.settings.broker, [names.changelog], scene.settings.partitions, "read_committed")
    first = Changelog(written).positions[place.topic, place.partition]
    begin = first + _EVENTS
    await _until_longer(scene, place, begin)
    # What is deleted is kept for the verdict, which reads everything from the beginning.
    log = await topics.read(scene.settings.broker, [place.topic], scene.settings.partitions, "read_committed")
    scene.deleted += [it for it in log if it.partition == place.partition and it.offset < begin]
    scene.skipped.append((place.topic, place.partition, first, begin))
    async with administration(scene.settings) as admin:
        await admin.delete_records({place: RecordsToDelete(before_offset=begin)})
    scene.say(f"{place.topic}[{place.partition}] deleted to {begin}, counted to {first}")
    at = start_all(scene)
    await _until_stopped(scene, place.partition, at)
    await stop_all(scene)
    code, output = await scene.fleet.command("topics", "skip-lost", "--partition", str(place.partition))
    scene.say(f"skip-lost: {output.strip()}")
    if code or f"goes on at {begin}" not in output:
        scene.wrong.append(f"skip-lost ended with {code}: {output}")
    scene.happened["truncation"] += 1
    await scene.back_at_work(start_all(scene))


@asynccontextmanager
async def _producer(scene: Scene) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(
        bootstrap_servers=scene.settings.broker.split(","), enable_idempotence=True
    ) as producer:
        yield producer


async def _order(scene: Scene, producer: AIOKafkaProducer, customer: str) -> int:
    """Let a customer do something in every topic; returns their partition."""
    partition = -1
    for topic in topics_of(scene.settings).inputs:
        now = time.time_ns() // 1_000_000
        event = {"type": "track", "event": "Product Viewed", "properties": {"product_id": "p"}}
        body = {**event, "messageId": f"{customer}-{now}-{topic}", "userId": customer, "timestamp": to_text(now)}
        sent = await producer.send_and_wait(topic, json.dumps(body).encode(), customer.encode(), timestamp_ms=now)
        partition = sent.partition
    return partition


async def _until_longer(scene: Scene, place: TopicPartition, end: int) -> None:
    deadline = time.time() + BACK_SECONDS
    async with AIOKafkaConsumer(bootstrap_servers=scene.settings.broker.split(",")) as consumer:
        while (await consumer.end_offsets([place]))[place] <= end:
            if time.time() > deadline:
                raise StuckError(f"{place} does not grow beyond {end}")
            await asyncio.sleep(0.1)


async def _until_stopped(scene: Scene, partition: int, since: float) -> None:
    """Until one group is stopped, with words that say how to go on, and all the others are at work."""
    remedy = f"lifestage topics skip-lost --partition {partition}"
    deadline = time.time() + BACK_SECONDS
    while not (scene.fleet.covered(since, without=[partition]) and remedy in scene.fleet.stopped().get(partition, "")):
        if time.time() > deadline:
            raise StuckError(f"partition {partition} was to stop, the others to go on: {scene.fleet.states()}")
        await asyncio.sleep(0.05)
