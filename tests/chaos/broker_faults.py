"""Faults of the broker, and of the group offsets and the changelog on it."""

import asyncio
import signal
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.protocol.coordination import FindCoordinatorRequest

from streams.connection import administration
from streams.topics import topics_of
from tests.chaos.faults import start_all, stop_all
from tests.chaos.group_deletion import delete_group
from tests.chaos.scene import Scene

STALL_SECONDS = 20.0
_COMPACTED_SECONDS = 60.0


async def stall(scene: Scene) -> None:
    """A broker that stands still for a while, every connection open."""
    assert scene.kafka is not None
    node = scene.dice.choice(scene.kafka.brokers)
    scene.say(f"SIGSTOP the broker on port {node.port} for {STALL_SECONDS:.0f} s")
    node.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(STALL_SECONDS)
    node.process.send_signal(signal.SIGCONT)
    scene.happened["stall"] += 1
    await scene.back_at_work(time.time())


async def broker(scene: Scene) -> None:
    """A broker killed and started again: any, the group's coordinator, and that of a transaction in turn."""
    assert scene.kafka is not None
    kinds = ("any", "group coordinator", "transaction coordinator")
    kind = kinds[scene.happened["broker"] % 3]
    number = scene.dice.randrange(3)
    if kind != "any":
        name = scene.settings.app_id + ("" if kind == "group coordinator" else "-0")
        number = await _coordinator(scene, name, kind == "transaction coordinator") - 1
    node = scene.kafka.brokers[number]
    at = time.time()
    scene.say(f"kill -9 broker {number + 1} ({kind})")
    node.kill()
    await asyncio.sleep(scene.dice.uniform(4, 10))
    scene.say(f"start broker {number + 1}")
    node.start()
    await asyncio.to_thread(scene.kafka.wait_until_complete)
    scene.happened["broker"] += 1
    scene.happened[f"broker: {kind}"] += 1
    scene.measured("back_after_broker", await scene.back_at_work(at))


async def offsets(scene: Scene) -> None:
    """The group's offsets set to the beginning or beyond the end, or gone with the group: the changelog must win."""
    await stop_all(scene)
    turn = ("set to 0", "set to the end", "deleted with the group")[scene.happened["offsets"] % 3]
    scene.say(f"group offsets {turn}")
    try:
        if turn == "deleted with the group":
            await delete_group(scene.settings)
        else:
            await _set_offsets(scene, turn == "set to the end")
    except KafkaError as error:
        # Somebody is still a member: a worker that did not end in order.
        scene.wrong.append(f"group offsets were not {turn}: {error!r}")
    else:
        scene.happened["offsets"] += 1
        scene.happened[f"offsets {turn}"] += 1
    await scene.back_at_work(start_all(scene))


async def _set_offsets(scene: Scene, to_end: bool) -> None:
    async with AIOKafkaConsumer(
        bootstrap_servers=scene.settings.broker.split(","), group_id=scene.settings.app_id, enable_auto_commit=False
    ) as consumer:
        places = [
            TopicPartition(name, number)
            for name in topics_of(scene.settings).inputs
            for number in range(scene.settings.partitions)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await asyncio.sleep(1)
        await consumer.commit({place: ends[place] + 1000 if to_end else 0 for place in places})


async def compaction(scene: Scene) -> None:
    """The changelog compacted while it is written, then everybody killed: what is restored has holes."""
    changelog = topics_of(scene.settings).changelog
    eager = {"segment.ms": "1000", "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "1000"}
    eager |= {"cleanup.policy": "compact", "max.message.bytes": str(4 * 1024 * 1024), "delete.retention.ms": "0"}
    async with administration(scene.settings) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, changelog, configs=eager)])
    deadline = time.time() + _COMPACTED_SECONDS
    while not await _has_holes(scene, changelog):
        if time.time() > deadline:
            scene.wrong.append("the changelog was not compacted in time")
            return
        await asyncio.sleep(2)
    scene.say("the changelog is compacted; kill -9 all workers")
    scene.happened["compaction"] += 1
    for worker in scene.fleet.alive():
        scene.fleet.kill(worker)
        scene.happened["again"] += 1
    await scene.back_at_work(start_all(scene))


async def _has_holes(scene: Scene, name: str) -> bool:
    place = TopicPartition(name, 0)
    async with AIOKafkaConsumer(
        bootstrap_servers=scene.settings.broker.split(","), enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, 0)
        seen = 0
        while await consumer.position(place) < end:
            seen += sum(map(len, (await consumer.getmany(place, timeout_ms=500)).values()))
    # Without compaction only the markers are missing: at most one for each batch of at least two records.
    return seen < 0.4 * int(end)


async def _coordinator(scene: Scene, name: str, of_transaction: bool) -> int:
    async with administration(scene.settings) as admin:
        response = await admin._client.send(
            admin._client.get_random_node(), FindCoordinatorRequest(name, 1 if of_transaction else 0)
        )
        return int(response.coordinator_id)
