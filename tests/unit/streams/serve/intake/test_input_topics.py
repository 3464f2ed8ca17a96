"""Where the partition of a customer is not known, lifestage writes no events: a guess could split them in two."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.environment import SettingsError
from streams.replay.replay import _InputTopics
from streams.serve.intake.input_topics import InputTopics
from streams.serve.intake.sent_events import EventRecord
from streams.serve.problems import ProblemError
from streams.settings import Settings

ANY = Settings(partitioner="any")


async def test_the_intake_refuses_events_and_the_server_is_ready_for_all_else() -> None:
    topics = InputTopics(ANY)
    assert topics.lack == ""
    with pytest.raises(ProblemError, match="LIFESTAGE_PARTITIONER is any") as refused:
        await topics.write([EventRecord("purchases", b"c", b"{}", 1, "page", None)])
    assert refused.value.status == 503


async def test_a_replay_refuses_to_begin() -> None:
    async def partitions_for(_topic: str) -> set[int]:
        return {0, 1}

    producer: Any = SimpleNamespace(partitions_for=partitions_for)
    with pytest.raises(SettingsError, match="set it to murmur2 or crc32"):
        await _InputTopics.open(producer, ANY)
