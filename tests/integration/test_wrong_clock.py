"""A worker whose machine's clock is wrong, by libfaketime: it waits, says why, and loses nothing once it is right."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from schemas import instant
from streams.partitions.position import POSITION_KEY, decode_position
from streams.topics import topics_of
from tests.support.fake_clock import LIBRARY, fake_clock
from tests.support.installation import Installation, installation, settings_for
from tests.support.programs import require_library
from tests.support.topics import read


@pytest.fixture
def installed(apache_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    with installation(settings_for(apache_broker, topic_prefix, partitions=1), tmp_path) as made:
        yield made


def order(number: int) -> bytes:
    return json.dumps(
        {
            "type": "track",
            "event": "Order Completed",
            "messageId": f"m{number}",
            "userId": f"c{number}",
            "timestamp": instant.to_text(time.time_ns() // 1_000_000),
            "properties": {"order_id": f"o{number}", "total": 10.0},
        }
    ).encode()


def waits(healths: dict[str, Any], why: str) -> bool:
    group = healths["one"].get("partitions", {}).get("0")
    return group is not None and group["state"] == "failed" and why in group["reason"] and not healths["one"]["ready"]


def applied(healths: dict[str, Any], count: int) -> bool:
    return bool(healths["one"].get("ready") and healths["one"]["tally"]["applied"] == count)


@pytest.mark.apache
async def test_a_wrong_clock_commits_nothing_and_is_waited_for(installed: Installation, tmp_path: Path) -> None:
    require_library(LIBRARY, "faketime")
    clock = tmp_path / "clock"
    clock.write_text("+7200")
    topics = topics_of(installed.settings)
    installed.start(**fake_clock(clock))
    async with AIOKafkaProducer(bootstrap_servers=installed.settings.broker) as producer:
        # Wrong from the start; then it jumps ahead under the worker; then it falls behind.
        for number, (offset, why) in enumerate([("+7200", "ahead of"), ("+5400", "ahead of"), ("-7200", "behind")], 1):
            clock.write_text(offset)
            await producer.send_and_wait(topics.inputs[0], order(number), b"c%d" % number)
            healths = await installed.until_healths(lambda healths, why=why: waits(healths, why))  # type: ignore[misc]
            assert "this machine's clock is " in healths["one"]["partitions"]["0"]["reason"]
            clock.write_text("+0")
            await installed.until_healths(lambda healths, number=number: applied(healths, number))  # type: ignore[misc]
    assert installed.stop() == 0
    markers = [
        record.value for record in await read(installed.settings, topics.changelog) if record.key == POSITION_KEY
    ]
    assert markers
    assert all(decode_position(it).upto <= time.time_ns() // 1_000_000 for it in markers)
    assert await read(installed.settings, topics.rejects) == []
    assert len(await installed.transitions()) >= 3
