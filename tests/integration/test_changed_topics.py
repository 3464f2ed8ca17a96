"""Topics that change under a worker: it stops what is concerned, says why, and goes on when a person has decided."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewPartitions
from aiokafka.partitioner import DefaultPartitioner

from streams.connection import administration
from streams.partitions.adopt import adopt
from streams.partitions.group_members import check_ended
from streams.partitions.repartition import repartition
from streams.policy_file import load_rules, shipped_policy
from streams.replay.replay import replay
from streams.settings import Settings
from streams.sources import simulated
from streams.sources.source import Source
from streams.topics import TopicsError, create, topics_of
from tests.support.comparison import backtest, by_customer
from tests.support.installation import Installation, existing, settings_for
from tests.support.programs import ROOT
from tests.support.reconciliation import Account, counting, produce, settled
from tests.support.topics import read
from tests.support.waiting import PATIENCE, until
from tests.support.workers import LIFESTAGE, environment

BOTH = (0, 1)


async def remake(settings: Settings, topic: str) -> None:
    """Delete a topic and make it again, as soon as the broker allows it."""
    # A broker may still be deleting what it no longer lists, and the embedded one makes what a client asks it about.
    made: list[str] = []

    async def is_made() -> bool:
        async with administration(settings) as admin:
            await admin.delete_topics([topic])
        made.extend(await create(settings))
        return topic in made

    await until(is_made)


async def end(started: Installation) -> None:
    """End the worker, and wait until the group has no member any more."""
    started.stop()

    async def left() -> bool:
        try:
            await check_ended(started.settings)
        except TopicsError:
            return False
        return True

    await until(left)


async def raise_partitions(settings: Settings, topics: Sequence[str], count: int) -> None:
    async with administration(settings) as admin:
        await admin.create_partitions({topic: NewPartitions(count) for topic in topics})


async def send(settings: Settings, topic: str, count: int) -> None:
    """Send so many records to each partition of one topic; no two of the same value."""
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for number in range(count):
            for partition in BOTH:
                await producer.send_and_wait(topic, b"new %d %d" % (partition, number), b"c%d" % partition, partition)


async def latest(settings: Settings, topic: str) -> dict[bytes, bytes]:
    """Return the last value of each key."""
    return {record.key: record.value for record in await read(settings, topic)}


async def command(settings: Settings, *words: str) -> str:
    """Give a command of lifestage; return what it prints."""
    done = await asyncio.to_thread(
        subprocess.run,
        [*LIFESTAGE, *words],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def until_partitions(
    started: Installation, holds: Callable[[dict[str, Any]], bool], partitions: Sequence[int] = BOTH
) -> None:
    """Wait until something is true of each of these partitions in the worker's health."""

    def all_hold(healths: dict[str, Any]) -> bool:
        groups = healths["one"].get("partitions", {}) if healths["one"] else {}
        return set(map(str, partitions)) <= set(groups) and all(holds(groups[str(it)]) for it in partitions)

    await started.until_healths(all_hold)


async def until_stopped(started: Installation, *words: str, partitions: Sequence[int] = BOTH) -> None:
    await until_partitions(
        started, lambda it: it["state"] == "stopped" and all(word in it["reason"] for word in words), partitions
    )
    status, _ = await asyncio.to_thread(started.workers["one"].page, "/ready")
    assert status == 503


async def until_open(started: Installation, partitions: Sequence[int] = BOTH) -> None:
    await until_partitions(started, lambda it: it["state"] == "open", partitions)


async def move_to_three(started: Installation, settings: Settings) -> None:
    """Move to three partitions: customers as they were, what was not counted is, and nothing is told again."""
    before = await latest(settings, topics_of(settings).changelog)
    counted = Counter({key: int(value) for key, value in before.items() if key[:1] == b"c"})
    prefix = f"{settings.topic_prefix}three-"
    after = replace(settings, partitions=3, topic_prefix=prefix, app_id=f"{prefix}app")
    named = ("--partitions", "3", "--prefix", prefix, "--app-id", after.app_id)
    printed = await command(settings, "topics", "repartition", *named)
    assert f"moved {len(counted)} customers and 30 records that are not counted yet" in printed
    assert f"LIFESTAGE_TOPIC_PREFIX={prefix}" in printed
    with pytest.raises(TopicsError, match="must be new"):
        await repartition(settings, after)

    started.settings = after
    started.start()
    told = await settled(after, 30)
    assert (told.counted, told.lost, told.repeated) == (30, 0, 0), "what was told stays told"
    counted.update(b"c%d" % (number % 10) for number in range(30))
    moved = [it for it in await read(after, topics_of(after).changelog) if it.key[:1] == b"c"]
    assert counted == {it.key: int(it.value) for it in moved}
    everywhere = [0, 1, 2]
    assert all(it.partition == DefaultPartitioner()(it.key, everywhere, everywhere) for it in moved)
    copied = await read(after, topics_of(after).inputs[1])
    for key in counted:
        of_key = [int(it.value.split()[1]) for it in copied if it.key == key]
        assert of_key == sorted(of_key), "in their order"


@pytest.mark.apache
async def test_an_input_made_again_and_one_with_more_partitions_stop_a_worker(
    apache_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(apache_broker, topic_prefix, partitions=2)
    topics = topics_of(settings)
    remade, raised, *_ = topics.inputs
    await create(settings)
    with counting(settings, tmp_path) as started:
        started.start()
        await produce(settings, range(40))
        assert await settled(settings, 40) == Account(40, 0, 0, 0)

        # Offsets cannot tell: the new log soon reaches beyond the old position.
        await remake(settings, remade)
        await until_stopped(started, f"{remade}[", "was deleted and made again", "skip-lost --partition")
        await send(settings, remade, 10)
        await until_partitions(started, lambda it: bool(it["lag_records"][remade] >= 10))
        decided = json.loads((await asyncio.to_thread(started.workers["one"].page, "/health"))[1])["partitions"]
        assert all(it["upto"] for it in decided.values())

        for partition in BOTH:
            assert f"{remade}[{partition}] goes on at 0" in await command(
                settings, "topics", "skip-lost", "--partition", str(partition)
            )
        await until_open(started)
        await until_partitions(started, lambda it: not any(it["lag_records"].values()))
        told = [record.value for record in await read(settings, topics.transitions)]
        assert sum(value.startswith(b"new ") for value in told) == 20
        assert len(told) == len(set(told))

        await raise_partitions(settings, [raised], 3)
        await until_stopped(started, f"{raised} has 3 partitions now", "More partitions")
        # These go where their keys belong among three partitions: some to the one that nobody reads.
        async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
            for number in range(30):
                await producer.send_and_wait(raised, b"later %d" % number, b"c%d" % (number % 10))
        with pytest.raises(TopicsError, match=r"1 workers of group .* still run"):
            await repartition(settings, replace(settings, partitions=3, topic_prefix="other-", app_id="other"))
        await end(started)
        started.start()
        await started.until_logged("one", "the numbers of partitions differ")
        assert await asyncio.to_thread(started.workers["one"].process.wait, PATIENCE) == 70

        # What its first message would suggest to somebody in a hurry.
        await raise_partitions(settings, [it for it in topics.all if it != raised], 3)
        started.settings = replace(settings, partitions=3)
        started.start()
        await until_stopped(started, "counted with 2 partitions", "says 3", partitions=(0, 1, 2))
        await end(started)

        await move_to_three(started, settings)


@pytest.mark.apache
async def test_a_move_to_more_partitions_changes_no_transition(
    apache_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    events = list(simulated.events(customers=60, days=90, business="shop"))
    half = len(events) // 2
    while events[half - 1].instant == events[half].instant:
        half += 1
    before = settings_for(apache_broker, topic_prefix, partitions=2, clock="stream")
    after = replace(before, partitions=5, topic_prefix=f"{topic_prefix}five-", app_id=f"{topic_prefix}five")
    told = []
    await create(before)
    with existing(before, tmp_path) as installed:
        # The file of the second worker decides nothing: the policy in force moves, too.
        for settings, some, file in ((before, events[:half], ""), (after, events[half:], "policies/club.toml")):
            installed.settings = settings
            installed.start(LIFESTAGE_POLICY=file and str(ROOT / file))
            await replay(Source("shop", "", some), settings, print)
            await installed.wait_until_done(some[-1].instant)
            await end(installed)
            told += await installed.transitions()
            if settings is before:
                assert (await repartition(before, after)).customers > 20
    truth = backtest(events, events[-1].instant, load_rules(shipped_policy())).transitions
    assert by_customer(told) == by_customer(truth)
    assert len(truth) > 50


@pytest.mark.apache
async def test_a_changelog_that_is_lost_is_counted_again_only_when_a_person_says_so(
    apache_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(apache_broker, topic_prefix, partitions=2)
    changelog = topics_of(settings).changelog
    await create(settings)
    with counting(settings, tmp_path) as started:
        started.start()
        await produce(settings, range(40))
        assert await settled(settings, 40) == Account(40, 0, 0, 0)
        copy = await read(settings, changelog)
        await remake(settings, changelog)
        await until_stopped(started, f"{changelog} was deleted and made again", "topics create --start-over")
        await end(started)

        await remake(settings, changelog)
        async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
            for record in copy:
                await producer.send_and_wait(changelog, record.value, record.key, record.partition)
        assert "partitions 0, 1" in await command(settings, "topics", "adopt")
        assert await adopt(settings) == []
        started.start()
        await produce(settings, range(40, 60))
        assert await settled(settings, 60) == Account(60, 0, 0, 0)
        started.kill()

        await remake(settings, changelog)
        started.start()
        await until_stopped(started, f"{changelog}[", "is empty, but", "topics create --start-over")
        assert "partitions 0, 1" in await command(settings, "topics", "create", "--start-over")
        await until_open(started)
        await until_partitions(started, lambda it: not any(it["lag_records"].values()))
        held = {record.key: record.value for record in await read(settings, changelog)}
        assert sum(int(value) for key, value in held.items() if key.startswith(b"c")) == 60
        assert "no partition starts over" in await command(settings, "topics", "create", "--start-over")


async def test_without_ids_the_end_of_the_log_tells_that_an_input_was_made_again(
    embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(embedded_broker, topic_prefix, partitions=2, embedded=True)
    first = topics_of(settings).inputs[0]
    await create(settings)
    with counting(settings, tmp_path) as started:
        started.start()
        await produce(settings, range(40))
        assert await settled(settings, 40) == Account(40, 0, 0, 0)
        await remake(settings, first)
        # Of the other partition nothing was counted: what it holds now is all there ever was.
        await until_stopped(started, f"{first}[0]", "ends at 0", "skip-lost --partition 0", partitions=[0])
        await until_partitions(started, lambda it: bool(it["lag_records"][first] > 0), [0])
        await until_open(started, [1])
        assert "goes on at 0" in await command(settings, "topics", "skip-lost", "--partition", "0")
        await until_open(started)
        await send(settings, first, 3)
        await started.wait_for_progress(45)
