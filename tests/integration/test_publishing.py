"""Who publishes at the same moment as others gets a number of their own, or is told that somebody else publishes."""

import asyncio
import gc
import logging
from dataclasses import replace

import pytest

from schemas.policy_record import PolicyRecord
from streams.policies.publishing import NotPublishedError, next_one, publish
from streams.policies.reading import read_policies
from streams.policy_file import load_rules, shipped_policy
from streams.settings import Settings
from streams.topics import create
from tests.support.installation import settings_for

AT_ONCE = 6


async def publish_one(settings: Settings) -> PolicyRecord | str:
    """Publish the policy that ships; return its record, or why it was not published."""
    following = next_one(
        load_rules(None).compiled, shipped_policy().read_text("utf-8"), None, silent=False, has_wall_clock=True
    )
    try:
        record = await publish(settings, following)
    except NotPublishedError as error:
        return str(error)
    assert record is not None
    return record


async def check(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Publish several times at once, and then once more; check that each number that was told is there once."""
    await create(settings)
    with caplog.at_level(logging.WARNING, "asyncio"):
        told = await asyncio.gather(*(publish_one(settings) for _ in range(AT_ONCE)))
        told.append(await publish_one(settings))
        gc.collect()
    assert caplog.text == "", "who is fenced sees a sentence, and no traceback"
    records = [it for it in told if isinstance(it, PolicyRecord)]
    refused = [it for it in told if isinstance(it, str)]
    assert {it for it in refused if "somebody else publishes at this moment: nothing was published" not in it} == set()
    assert isinstance(told[-1], PolicyRecord), "who is alone is not refused"
    numbers = sorted(it.number for it in records)
    assert numbers == [*range(1, len(records) + 1)]
    published = (await read_policies(settings)).all
    assert [(it.number, it.effective_at) for it in published] == [
        (it.number, it.effective_at) for it in sorted(records, key=lambda it: it.number)
    ]
    assert told[-1].number == len(records)


@pytest.mark.apache
async def test_on_apache_kafka(apache_broker: str, topic_prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    await check(settings_for(apache_broker, topic_prefix), caplog)


async def test_on_the_embedded_broker(
    embedded_broker: str, topic_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    await check(replace(settings_for(embedded_broker, topic_prefix), embedded=True), caplog)
