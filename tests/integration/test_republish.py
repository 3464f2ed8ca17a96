"""`lifestage republish` against real workers: each member is told once, whoever is killed meanwhile."""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner, Result

from agents.batch import Watermark
from schemas.instant import to_text
from streams.cli.commands.republish import command
from streams.embedded.child_process import stop
from streams.partitions.watermarks import WATERMARK_KEY, write_watermark
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.installation import Installation, installation, settings_for
from tests.support.topics import read
from tests.support.waiting import PATIENCE, until
from tests.support.workers import LIFESTAGE, environment

POLICY = """
name = "republished"
[[segments]]
key = "big"
name = "Big spenders"
enter = "revenue_30d >= 100"
[[segments]]
key = "all"
name = "Everybody who bought"
enter = "orders >= 1"
"""
CUSTOMERS = 120
MEMBERS = {f"c{number}" for number in range(CUSTOMERS) if number % 2}
PAST = 1_600_000_000_000


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture
def running(request: pytest.FixtureRequest, topic_prefix: str, tmp_path: Path, policy: Path) -> Iterator[Installation]:
    """An installation whose worker is not started yet."""
    name = getattr(request, "param", "embedded")
    broker = request.getfixturevalue(f"{name}_broker")
    is_embedded = name == "embedded"
    settings = settings_for(broker, topic_prefix, embedded=is_embedded, partitions=2, policy=policy)
    with installation(settings, tmp_path) as made:
        yield made


@pytest.fixture
def replayed(embedded_broker: str, topic_prefix: str, tmp_path: Path, policy: Path) -> Iterator[Installation]:
    """The same under the clock of the stream."""
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, partitions=2, policy=policy, clock="stream")
    with installation(settings, tmp_path) as made:
        yield made


def call(settings: Settings, *arguments: str, **variables: str) -> Result:
    """Run the command; it has a loop of its own."""
    return CliRunner().invoke(command, list(arguments), env=environment(settings, COLUMNS="200", **variables))


async def called(settings: Settings, *arguments: str, **variables: str) -> Result:
    return await asyncio.to_thread(call, settings, *arguments, **variables)


async def orders(settings: Settings, at: int | None = None) -> None:
    """Everybody orders once, those with odd numbers for more; ``at`` is the instant, if it is not now."""
    when = at or time.time_ns() // 1_000_000
    topics = topics_of(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, linger_ms=5) as producer:
        for number in range(CUSTOMERS):
            event = {
                "type": "track",
                "event": "Order Completed",
                "messageId": f"m{number}",
                "userId": f"c{number}",
                "timestamp": to_text(when),
                "properties": {"order_id": f"o{number}", "total": 120 if number % 2 else 20},
            }
            value = json.dumps(event).encode()
            await producer.send(topics.inputs[0], value, f"c{number}".encode(), timestamp_ms=when)
        if at is not None:
            final = write_watermark(Watermark(at, final=True))
            for topic in topics.inputs:
                for partition in range(settings.partitions):
                    await producer.send(topic, final, WATERMARK_KEY, partition, timestamp_ms=at)


async def entered(settings: Settings, republished: bool) -> list[dict[str, Any]]:
    """The messages that tell of who is in the segment, those told again or the others."""
    found = [json.loads(it.value) for it in await read(settings, topics_of(settings).transitions)]
    return [
        it
        for it in found
        if it["event"] == "Audience Entered"
        and it["properties"]["audience_key"] == "big"
        and it["properties"]["republished"] is republished
    ]


async def until_decided(made: Installation) -> None:
    async def joined() -> bool:
        return len(await entered(made.settings, republished=False)) == len(MEMBERS)

    await until(joined, what=made.logs)


async def check_told_once(made: Installation, runs: int = 1) -> None:
    """Every member was told again once by each run, in the place of their own order; nobody else was."""
    told = await entered(made.settings, republished=True)
    assert sorted(it["userId"] for it in told) == sorted([*MEMBERS] * runs)
    assert len({it["messageId"] for it in told}) == len(told)
    first = {it["userId"]: it for it in await entered(made.settings, republished=False)}
    for it in told:
        before = first[it["userId"]]
        properties = it["properties"]
        assert properties["member_since"] == before["timestamp"] < it["timestamp"]
        assert properties["seq"] > before["properties"]["seq"]
        assert properties["segments"] == before["properties"]["segments"] == ["all", "big"]
        assert properties["cause_event"] == "Segment Republish Requested"


def run_id(text: str) -> str:
    found = re.search(r"run (\S+) asks", text)
    assert found is not None, text
    return found[1]


async def test_each_member_is_told_once_and_again_by_another_run(running: Installation) -> None:
    running.start()
    await orders(running.settings)
    await until_decided(running)
    for number in (1, 2):
        done = await called(running.settings, "--segment", "big", "--wait")
        assert done.exit_code == 0, done.output
        assert f"{len(MEMBERS)} messages are in {topics_of(running.settings).transitions}" in done.output
        await check_told_once(running, number)
    again = await called(running.settings, "--segment", "big", "--wait", "--run", run_id(done.output))
    assert f"{len(MEMBERS)} messages are in" in again.output
    slow = await called(running.settings, "--segment", "big", "--rate", "0.01/s")
    assert slow.exit_code == 1
    assert "60 requests take longer than the 60.0 minutes until they are late: use --rate 2/s or more" in slow.output
    old = await called(running.settings, "--segment", "big", "--run", "20200127T231500123Z-3f9a2c")
    assert old.exit_code == 1
    assert "is not of the last 60 minutes" in old.output
    await check_told_once(running, 2)


async def test_a_command_that_is_killed_goes_on_by_its_id(running: Installation, tmp_path: Path) -> None:
    running.start()
    await orders(running.settings)
    await until_decided(running)
    log = tmp_path / "republish.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*LIFESTAGE, "republish", "--segment", "big", "--rate", "5/s"],
            env=environment(running.settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:

        async def asked_some() -> bool:
            assert process.poll() is None, log.read_text()
            return len(await entered(running.settings, republished=True)) > 3

        await until(asked_some, what=log.read_text)
        process.kill()
        process.wait(PATIENCE)
    finally:
        stop(process)
    assert len(await entered(running.settings, republished=True)) < len(MEMBERS)
    done = await called(running.settings, "--segment", "big", "--wait", "--run", run_id(log.read_text()))
    assert done.exit_code == 0, done.output
    assert f"{len(MEMBERS)} messages are in" in done.output
    await check_told_once(running)


@pytest.mark.apache
@pytest.mark.parametrize("running", ["apache"], indirect=True)
@pytest.mark.parametrize("point", ["during_commit", "after_commit"])
async def test_a_worker_that_is_killed_tells_nobody_twice(running: Installation, point: str) -> None:
    running.start()
    await orders(running.settings)
    await until_decided(running)
    assert running.stop() == 0
    worker = running.start(LIFESTAGE_FAILPOINT=f"{point}:1:7", LIFESTAGE_BATCH_RECORDS="20")
    asked = await called(running.settings, "--segment", "big")
    assert f"{len(MEMBERS)} members were asked" in asked.output

    async def killed() -> bool:
        return not worker.alive

    await until(killed, what=running.logs)
    running.start()
    done = await called(running.settings, "--segment", "big", "--wait", "--run", run_id(asked.output))
    assert done.exit_code == 0, done.output
    await check_told_once(running)


async def test_who_left_before_the_run_is_not_told(running: Installation) -> None:
    running.start()
    await orders(running.settings)
    await until_decided(running)
    assert running.stop() == 0
    # The worker learns it after the command has read who is a member, and still before the requests.
    topics, now = topics_of(running.settings), time.time_ns() // 1_000_000
    gone = {"type": "track", "event": "Order Cancelled", "messageId": "x", "userId": "c1", "timestamp": to_text(now)}
    async with AIOKafkaProducer(bootstrap_servers=running.settings.broker) as producer:
        value = json.dumps({**gone, "properties": {"order_id": "o1"}}).encode()
        await producer.send_and_wait(topics.inputs[0], value, b"c1", 1, timestamp_ms=now)
    asked = await called(running.settings, "--segment", "big")
    assert f"{len(MEMBERS)} members were asked" in asked.output
    running.start()
    done = await called(running.settings, "--segment", "big", "--wait", "--run", run_id(asked.output))
    assert f"{len(MEMBERS) - 1} messages are in" in done.output, done.output
    assert {it["userId"] for it in await entered(running.settings, republished=True)} == MEMBERS - {"c1"}


async def test_under_the_clock_of_the_stream_time_stands_still(replayed: Installation) -> None:
    settings = replayed.settings
    replayed.start()
    await orders(settings, PAST)
    await replayed.wait_until_done(PAST)
    refused = await called(settings, "--segment", "big", LIFESTAGE_CLOCK="wall")
    assert refused.exit_code == 1
    assert "the workers have come to 2020-09-13T12:26:40.000Z" in refused.output
    assert "LIFESTAGE_CLOCK=stream" in refused.output
    done = await called(settings, "--segment", "big", "--wait")
    assert done.exit_code == 0, done.output
    assert f"{len(MEMBERS)} messages are in" in done.output
    assert {it["timestamp"] for it in await entered(settings, republished=True)} == {to_text(PAST)}
    healths = await replayed.wait_until_done(PAST)
    assert {it["upto"] for it in healths["one"]["partitions"].values()} == {to_text(PAST)}


def test_what_cannot_be_asked_is_refused_in_a_sentence(running: Installation) -> None:
    settings = running.settings

    def told(*arguments: str, **variables: str) -> str:
        done = call(settings, *arguments, **variables)
        assert done.exit_code != 0
        return done.output.strip().splitlines()[-1]

    assert told("--segment", "bag") == "Error: there is no segment `bag`: did you mean `big`?"
    assert "LIFESTAGE_SUBJECT is account" in told("--segment", "big", LIFESTAGE_SUBJECT="account")
    assert "'x' is no run: an id is like 20261127T231500123Z-3f9a2c" in told("--segment", "big", "--run", "x")
    assert "has no position of a worker: start one" in told("--segment", "big")
    assert "has no topic nothing-customers-changelog" in told("--segment", "big", LIFESTAGE_APP_ID="nothing")
    assert "cannot be read" in told("--segment", "big", LIFESTAGE_BROKER="127.0.0.1:1")
