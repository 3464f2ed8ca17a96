"""`lifestage forget` against real workers, Redis and a server: gone everywhere, once, whoever is killed meanwhile."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner, Result
from redis.asyncio import Redis

from schemas.instant import to_text
from streams.cli.commands.forget import command
from streams.settings import Settings
from streams.sinks.redis import Keys
from streams.topics import topics_of
from tests.support.installation import Installation, installation, settings_for
from tests.support.serving import serving
from tests.support.topics import read
from tests.support.waiting import until
from tests.support.workers import environment

POLICY = """
name = "forgotten"
[[segments]]
key = "big"
name = "Big spenders"
enter = "revenue_30d >= 100"
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "revenue_30d >= 100"
"""
EXPIRING = """
name = "expiring"
[time]
lateness_minutes = 0.01
day_seconds = 2
[retention]
forget_prospects_after_days = 1
"""
FORGOTTEN_AFTER_MS = 2000
CUSTOMERS = 60
EVERYBODY = {f"c{number}" for number in range(CUSTOMERS)}
FORGOTTEN = {f"c{number}" for number in range(0, CUSTOMERS, 3)}


@pytest.fixture
def running(
    request: pytest.FixtureRequest, topic_prefix: str, redis_url: str, tmp_path: Path
) -> Iterator[Installation]:
    """An installation whose worker is not started yet."""
    name, text = request.param
    broker, policy = request.getfixturevalue(f"{name}_broker"), tmp_path / "policy.toml"
    policy.write_text(text, encoding="utf-8")
    settings = settings_for(
        broker, topic_prefix, embedded=name == "embedded", partitions=2, policy=policy, redis_url=redis_url
    )
    with installation(settings, tmp_path) as made:
        yield made


async def called(settings: Settings, *arguments: str) -> Result:
    """Run the command; it has a loop of its own."""
    variables = environment(settings, COLUMNS="200")
    return await asyncio.to_thread(CliRunner().invoke, command, list(arguments), env=variables)


async def order(settings: Settings, round_: int) -> None:
    """Everybody orders once."""
    topic = topics_of(settings).inputs[0]
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, linger_ms=5) as producer:
        for number in range(CUSTOMERS):
            event = {
                "type": "track",
                "event": "Order Completed",
                "messageId": f"m{number}.{round_}",
                "userId": f"c{number}",
                "timestamp": to_text(time.time_ns() // 1_000_000),
                "properties": {"order_id": f"o{number}.{round_}", "total": 120},
            }
            await producer.send(topic, json.dumps(event).encode(), f"c{number}".encode())


async def transitions(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(it.value) for it in await read(settings, topics_of(settings).transitions)]


async def rejects(settings: Settings) -> list[tuple[bytes | None, dict[str, Any]]]:
    return [(it.key, json.loads(it.value)) for it in await read(settings, topics_of(settings).rejects)]


async def in_redis(settings: Settings) -> dict[str, set[str]]:
    """Whom Redis has, by set; and of whom it has a profile."""
    redis, keys = Redis.from_url(settings.redis_url, decode_responses=True), Keys.of(settings)
    try:
        names = ("stage:new", "segment:big", "step:tier:gold")
        found = {name: {str(it) for it in await redis.smembers(keys.members(name))} for name in names}
        profiles = [(it, await redis.hexists(keys.customer(it), "profile")) for it in EVERYBODY]
        return {**found, "profiles": {it for it, has in profiles if has}}
    finally:
        await redis.aclose()


async def until_redis_has(made: Installation, customers: set[str]) -> None:
    async def has() -> bool:
        return all(it == customers for it in (await in_redis(made.settings)).values())

    await until(has, what=made.logs)


async def killed_thrice(made: Installation) -> None:
    """Let the worker die at three points of a batch, and start one that stays."""
    for number, point in enumerate(("after_changelog", "during_commit", "after_commit")):
        worker = made.start(LIFESTAGE_FAILPOINT=f"{point}:1:{number}", LIFESTAGE_BATCH_RECORDS="9")

        async def ended(process: Any = worker.process) -> bool:
            return process.poll() is not None

        await until(ended, what=made.logs)
    made.start()


async def check_told(settings: Settings) -> None:
    """Each was told once, as the last of what is told of them, and without gaps; what came later names nobody."""
    told = await transitions(settings)
    last: dict[str, int] = {}
    for it in told:
        customer, properties = it["userId"], it["properties"]
        assert properties["seq"] == last.get(customer, 0) + 1, it
        last[customer] = properties["seq"]
    final = {it["userId"]: it["event"] for it in told}
    assert {customer for customer, event in final.items() if event == "Customer Forgotten"} == FORGOTTEN
    reasons = [it["properties"]["reason"] for it in told if it["event"] == "Customer Forgotten"]
    assert reasons == ["erasure"] * len(FORGOTTEN)
    refused = [(key, it["reason"], it["key"], it["value"]) for key, it in await rejects(settings)]
    assert refused == [(None, "customer_forgotten", None, None)] * (2 * len(FORGOTTEN))


async def check_status(settings: Settings) -> None:
    """The command tells what was carried out, and what is still kept."""
    assert (await called(settings, "--status", "c0", "c1")).exit_code == 1  # c1 was never asked for
    done = await called(settings, "--status", "c0")
    assert done.exit_code == 0, done.output
    assert "Redis has nothing of them" in done.output
    assert f"{topics_of(settings).inputs[0]}: their events " in done.output
    assert f"{len(FORGOTTEN)} customers are forgotten on request" in done.output


async def check_served(settings: Settings, log: Path) -> None:
    """A server that reads all of it knows nothing of them, and its flows are those of the others."""
    left = CUSTOMERS - len(FORGOTTEN)
    with serving(settings, log) as server:

        def without_them() -> bool:
            flows = server.get("/v1/history/flows")
            if flows.status != 200 or server.get("/v1/history/customers/c0").status != 404:
                return False
            (acquired,) = [it["count"] for it in flows.json["stages"] if it["to"] == "new"]
            (big,) = [it["entered"] for it in flows.json["segments"]]
            return bool(acquired == big == left)

        async def settled() -> bool:
            return await asyncio.to_thread(without_them)

        await until(settled, what=log.read_text)
        assert server.get("/v1/customers/c0").status == 404
        assert server.get("/v1/history/customers/c1").status == 200


@pytest.mark.parametrize(
    "running",
    [("embedded", POLICY), pytest.param(("apache", POLICY), marks=pytest.mark.apache)],
    ids=["embedded", "apache"],
    indirect=True,
)
async def test_whoever_is_forgotten_is_gone_everywhere_and_once(running: Installation, tmp_path: Path) -> None:
    settings = running.settings
    (listed := tmp_path / "ids").write_text("\n".join(sorted(FORGOTTEN)))
    running.start()
    await order(settings, 1)
    await until_redis_has(running, EVERYBODY)
    running.kill()
    await order(settings, 2)
    asked = await called(settings, "--file", str(listed), "--reason", "erasure", "--no-wait")
    assert asked.exit_code == 0, asked.output
    await order(settings, 3)
    waiting = await called(settings, "--status", "c0")
    assert waiting.exit_code == 1
    assert f"{len(FORGOTTEN)} requests wait for a worker" in waiting.output
    assert "asked and not carried out yet: forget" in waiting.output
    await killed_thrice(running)
    done = await called(settings, "--file", str(listed))  # a second time, for nothing
    assert done.exit_code == 0, done.output
    assert "carried out in" in done.output
    await order(settings, 4)
    await until_redis_has(running, EVERYBODY - FORGOTTEN)

    async def all_rejected() -> bool:
        return len(await rejects(settings)) >= 2 * len(FORGOTTEN)

    await until(all_rejected, what=running.logs)
    await check_told(settings)
    await running.until_healths(
        lambda it: bool(it["one"]) and sum(it["one"]["customers"].values()) == CUSTOMERS - len(FORGOTTEN)
    )
    await check_status(settings)
    await check_served(settings, tmp_path / "serve.log")
    before = [it["messageId"] for it in await transitions(settings)]
    again = await called(settings, "--allow", "c0")
    assert again.exit_code == 0, again.output
    await order(settings, 5)
    await until_redis_has(running, EVERYBODY - FORGOTTEN | {"c0"})
    told = await transitions(settings)
    assert [it["properties"]["seq"] for it in told if it["userId"] == "c0" and it["messageId"] not in before] == [
        1,
        2,
        3,
    ]
    assert len({it["messageId"] for it in told}) == len(told)


@pytest.mark.parametrize("running", [("embedded", EXPIRING)], indirect=True)
async def test_a_prospect_who_stays_away_is_forgotten_at_their_instant(running: Installation) -> None:
    settings, topics = running.settings, topics_of(running.settings)
    running.start()
    seen_at = time.time_ns() // 1_000_000
    view = {"type": "page", "messageId": "v", "userId": "visitor", "timestamp": to_text(seen_at)}
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        await producer.send_and_wait(topics.inputs[1], json.dumps(view).encode(), b"visitor")

    async def gone() -> bool:
        newest = {it.key: it.value for it in await read(settings, topics.changelog)}
        return b"visitor" in newest and newest[b"visitor"] is None

    await until(gone, what=running.logs)
    (told,) = await transitions(settings)
    assert (told["event"], told["properties"]["reason"]) == ("Customer Forgotten", "retention")
    assert told["timestamp"] == to_text(seen_at + FORGOTTEN_AFTER_MS)

    async def out_of_redis() -> bool:
        redis = Redis.from_url(settings.redis_url)
        try:
            return not await redis.hexists(Keys.of(settings).customer("visitor"), "profile")
        finally:
            await redis.aclose()

    await until(out_of_redis, what=running.logs)
