"""An ordinary Faust agent in the worker's app: it gets every message at least once, or is refused."""

import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from faust.exceptions import ImproperlyConfigured

from streams.connection import administration
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topics import create
from streams.topology import build
from tests.support.installation import existing, settings_for
from tests.support.reconciliation import Account, produce, settled
from tests.support.topics import read
from tests.support.waiting import PATIENCE

PROGRAM = (sys.executable, "-m", "tests.support.second_agent_worker")
BOTH = pytest.mark.parametrize("broker", ["embedded_broker", pytest.param("apache_broker", marks=pytest.mark.apache)])


@pytest.fixture
async def settings(broker: str, request: pytest.FixtureRequest, topic_prefix: str) -> Settings:
    made = settings_for(request.getfixturevalue(broker), topic_prefix)
    await create(made)
    names = ("campaigns", "campaigns.copy", "parcels", "parcels.copy", "transitions.copy")
    async with administration(made) as admin:
        await admin.create_topics([NewTopic(f"{topic_prefix}{name}", 4, 1) for name in names])
    return made


async def send(settings: Settings, name: str, numbers: range) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for number in numbers:
            await producer.send_and_wait(f"{settings.topic_prefix}{name}", b"%d" % number, partition=number % 4)


async def copied(settings: Settings, name: str, least: int, seconds: float = PATIENCE) -> Counter[bytes]:
    """How often each value was copied, once so many different ones were, or when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        seen = Counter(record.value for record in await read(settings, f"{settings.topic_prefix}{name}"))
        if len(seen) >= least or time.monotonic() > deadline:
            return seen


@BOTH
async def test_it_gets_every_message_at_least_once(settings: Settings, tmp_path: Path) -> None:
    with existing(settings, tmp_path, PROGRAM, LIFESTAGE_BATCH_RECORDS="200") as started:
        first = started.start("one")
        await produce(settings, range(500))
        await send(settings, "campaigns", range(100))
        assert len(await copied(settings, "campaigns.copy", 50)) >= 50
        first.process.kill()
        first.process.wait()
        await send(settings, "campaigns", range(100, 150))
        second = started.start("one")  # under its own name, so that it need not wait for the session of the dead one
        assert set(await copied(settings, "campaigns.copy", 150)) == {b"%d" % number for number in range(150)}

        # The worker's own work goes on beside it, and what it publishes can be read by an agent too.
        await produce(settings, range(500, 1000))
        assert await settled(settings, 1000) == Account(1000, 0, 0, 0)
        assert len(await copied(settings, "transitions.copy", 1000)) == 1000

        # What was acknowledged before an orderly end does not come again.
        second.process.terminate()
        assert second.process.wait(PATIENCE) == 0
        before = await copied(settings, "campaigns.copy", 150)
        started.start("one")
        await send(settings, "campaigns", range(150, 151))
        after = await copied(settings, "campaigns.copy", 151)
        # The new one may come twice: the group's first rebalance goes back to what is not acknowledged.
        assert set(after - before) == {b"150"}, "it read again what it had committed before"
        assert (after - before).total() <= 2


@pytest.mark.parametrize("broker", ["embedded_broker"])
async def test_a_slow_agent_holds_up_nobody_else(settings: Settings, tmp_path: Path) -> None:
    await send(settings, "parcels", range(1000))  # a hundred seconds of work
    with existing(settings, tmp_path, PROGRAM) as started:
        started.start("one")
        await copied(settings, "parcels.copy", 1)
        await produce(settings, range(500))
        await send(settings, "campaigns", range(100))
        assert await settled(settings, 500) == Account(500, 0, 0, 0)
        assert len(await copied(settings, "campaigns.copy", 100)) == 100
        assert 0 < len(await copied(settings, "parcels.copy", 1)) < 900


@pytest.mark.parametrize("name", ["customer.purchases", "customer.browsing", "lifestage-customers-changelog"])
def test_an_agent_that_would_get_nothing_is_refused(data_folder: Path, name: str) -> None:
    app = build(Settings(redis_url="", data=data_folder), load_rules(None))
    with pytest.raises(ImproperlyConfigured, match=rf"{name} would get no records: .*customer\.transitions"):
        app.agent(app.topic(name))


def test_a_second_table_is_refused(data_folder: Path) -> None:
    app = build(Settings(redis_url="", data=data_folder), load_rules(None))
    with pytest.raises(ImproperlyConfigured, match=r"table counts.*one table, customers"):
        app.Table("counts", partitions=4)
    assert list(app.tables) == ["customers"]
