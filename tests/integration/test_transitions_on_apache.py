"""The push on Apache Kafka: aborted transactions, retention, and brokers and topics that go and come back."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from streams import topics
from streams.connection import administration
from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.event_stream import Sent, listening, wait_until_it_streams
from tests.support.installation import settings_for
from tests.support.kafka_records import Written, write
from tests.support.programs import require_apache_kafka
from tests.support.servers import apache_kafka
from tests.support.serving import Server, serving
from tests.support.told_transitions import Telling
from tests.support.waiting import wait_until

pytestmark = pytest.mark.apache
BEGINNING = {"from": "beginning"}


def installed(broker: str, prefix: str) -> Settings:
    settings = settings_for(broker, prefix, partitions=2, redis_url=f"redis://{HOST}:{free_port()}/0")
    asyncio.run(topics.create(replace(settings, clock="stream")))  # records of long ago are kept there
    return settings


def values(events: Sequence[Sent]) -> set[bytes]:
    found = [it.data for it in events]
    assert len(found) == len(set(found))
    return set(found)


def written(records: Sequence[Written]) -> set[bytes]:
    return {it[3] or b"" for it in records}


def test_what_was_given_up_is_never_seen_wherever_a_stream_begins(
    apache_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = installed(apache_broker, topic_prefix)
    telling, random = Telling(settings, Random(1)), Random(2)
    records: list[Written] = []
    with serving(settings, tmp_path / "serve.log") as server:
        wait_until_it_streams(server)
        sent: list[Sent] = []
        with listening(server.address) as steady:
            for _ in range(8):
                more = telling.some(20)
                write(settings, more, aborted=telling.some(random.randrange(1, 10)))
                records += more
                with listening(server.address, BEGINNING, last_id=sent[-1].last_id if sent else "") as stream:
                    sent += stream.take(random.randrange(1, len(records) - len(sent) + 1))
            with listening(server.address, last_id=sent[-1].last_id) as stream:
                sent += stream.take(len(records) - len(sent))
            assert values(sent) == values(steady.take(len(records))) == written(records)


def test_an_id_whose_records_are_gone_is_told(apache_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = installed(apache_broker, topic_prefix)
    records = Telling(settings, Random(3)).some(60)
    write(settings, records)
    with serving(settings, tmp_path / "one.log") as server:
        wait_until_it_streams(server)
        with listening(server.address, BEGINNING) as stream:
            sent = stream.take(60)
        asyncio.run(delete(settings, before=5))
        # This server has them in memory, and needs the topic for nothing.
        with listening(server.address, last_id=sent[0].last_id) as stream:
            assert values(sent[:1] + stream.take(59)) == written(records)
    with serving(settings, tmp_path / "two.log") as server:
        wait_until_it_streams(server)
        with listening(server.address, last_id=sent[0].last_id) as stream:
            assert stream.status == 410
            assert "gone from" in json.loads(stream.body())["detail"]
        with listening(server.address, BEGINNING) as stream:
            assert len(values(stream.take(50))) == 50


async def delete(settings: Settings, before: int) -> None:
    topic = topics_of(settings).transitions
    async with administration(settings) as admin:
        places = [TopicPartition(topic, it) for it in range(settings.partitions)]
        await admin.delete_records({it: RecordsToDelete(before_offset=before) for it in places})


def test_streams_outlive_a_broker_and_a_topic_made_anew_ends_them(topic_prefix: str, tmp_path: Path) -> None:
    require_apache_kafka()
    with apache_kafka(tmp_path / "kafka") as kafka:
        settings = installed(kafka.bootstrap, topic_prefix)
        telling = Telling(settings, Random(4))
        records = telling.some(30)
        write(settings, records)
        (broker,) = kafka.brokers
        with serving(settings, tmp_path / "serve.log") as server:
            wait_until_it_streams(server)
            with listening(server.address, BEGINNING) as stream:
                sent = stream.take(30)
                broker.kill()
                wait_until(lambda: asks(server) == 503, what=server.log.read_text)
                assert server.get("/live").status == 200
                broker.start()
                kafka.wait_until_complete()
                more = telling.some(30)
                write(settings, more)
                sent += stream.take(30)
                assert values(sent) == written(records + more)
                wait_until(lambda: asks(server) == 200, what=server.log.read_text)
                asyncio.run(make_anew(settings))
                (last,) = stream
            assert (last.name, last.json["reason"]) == ("dropped", "gone")
            wait_until(lambda: asks(server) == 200, what=server.log.read_text)
            with listening(server.address, last_id=sent[-1].last_id) as stream:
                assert stream.status == 410
                assert "made anew" in json.loads(stream.body())["detail"]
            anew = telling.some(5)
            with listening(server.address) as stream:
                write(settings, anew)
                assert values(stream.take(5)) == written(anew)


def asks(server: Server) -> int:
    """Return the status of a stream that would begin now."""
    with listening(server.address) as stream:
        return stream.status


async def make_anew(settings: Settings) -> None:
    topic = topics_of(settings).transitions
    async with administration(settings) as admin:
        await admin.delete_topics([topic])
        while topic in await admin.list_topics():
            await asyncio.sleep(0.05)
    await topics.create(replace(settings, clock="stream"))
