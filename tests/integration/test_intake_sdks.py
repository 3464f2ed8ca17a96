"""The SDKs of others, with nothing changed but the address and the key: each event arrives, once, and is understood."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest
from aiokafka.partitioner import DefaultPartitioner

from schemas.envelope import decode
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.installation import settings_for
from tests.support.sdks import node_command, python_command
from tests.support.serving import Server, serving
from tests.support.topics import read
from tests.support.waiting import PATIENCE, wait_until

KEY = "write-key-of-the-shop"
CUSTOMERS = 25
TOPICS = {"identify": "profiles", "track": "purchases", "page": "browsing", "group": "browsing", "alias": "browsing"}
RULES = load_rules(None)


@pytest.fixture(scope="module")
def intake(embedded_broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Server]]:
    folder = tmp_path_factory.mktemp("intake")
    tokens = folder / "tokens"
    tokens.write_text(f"write {KEY}\n")
    settings = settings_for(embedded_broker, f"t{uuid4().hex[:8]}-", embedded=True)
    asyncio.run(create(settings))
    with serving(settings, folder / "serve.log", LIFESTAGE_SERVE_TOKENS=str(tokens)) as server:
        wait_until(lambda: server.get("/ready").status == 200, what=server.log.read_text)
        yield settings, server


@pytest.mark.parametrize("sdk", ["segment", "rudderstack", "customerio", "node"])
def test_every_event_of_an_sdk_arrives_once_and_is_understood(intake: tuple[Settings, Server], sdk: str) -> None:
    settings, server = intake
    given = (server.address, KEY, str(CUSTOMERS))
    command, environment = node_command(*given) if sdk == "node" else python_command(sdk, *given)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    said = [json.loads(it) for it in done.stdout.splitlines()]
    assert len(said) == 5 * CUSTOMERS
    found = [
        it
        for it in asyncio.run(read(settings, *topics_of(settings).own_inputs))
        if (it.key or b"").startswith(f"{sdk}-".encode())
    ]
    values = [json.loads(it.value) for it in found]
    assert Counter(it["messageId"] for it in values) == Counter({it["messageId"]: 1 for it in said})
    partitions = list(range(settings.partitions))
    for record, value in zip(found, values, strict=True):
        assert record.key == value["userId"].encode()
        assert record.topic == f"{settings.topic_prefix}customer.{TOPICS[value['type']]}"
        assert record.partition == DefaultPartitioner()(record.key, partitions, partitions)
        read_event = decode(record.value, record.key, RULES.intake)
        assert (read_event.fact is None) == (value["type"] in ("group", "alias"))


def test_an_sdk_with_a_wrong_key_is_told_so(intake: tuple[Settings, Server]) -> None:
    command, environment = python_command("rudderstack", intake[1].address, "another-key-than-it", "1")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert "unauthorized" in done.stderr  # at once: it is not sent again
