"""Skipping lost records: the position moves to where the logs begin, in one transaction, or nothing is written."""

from dataclasses import replace

import pytest

from agents.batch import Position, Watermark
from streams.partitions import skip_lost
from streams.partitions.skip_lost import skip
from streams.settings import Settings
from streams.topics import TopicsError
from tests.unit.streams.partitions.fakes import FakeLog

BEFORE = Position({"purchases": 3, "support": 8}, 1234, {"support": Watermark(99, final=False)})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> FakeLog:
    log = FakeLog()
    log.position = BEFORE
    monkeypatch.setattr(skip_lost, "GroupTransaction", log.transaction)
    monkeypatch.setattr(skip_lost, "read_changelogs", log.read_changelogs)
    return log


async def test_only_the_offsets_of_topics_that_lost_records_move(log: FakeLog) -> None:
    log.lost = {"purchases": 20}
    assert await skip(Settings(), 2) == {"purchases": 20}
    assert log.committed == Position({"purchases": 20, "support": 8}, BEFORE.upto, BEFORE.watermarks)
    steps = ["fence", "read", "begin", "send_changes", "acknowledged", "commit", "discard"]
    assert log.steps == [(step, 2) for step in steps]


async def test_of_a_topic_that_was_made_again_the_new_one_is_counted_from_then_on(log: FakeLog) -> None:
    log.position = replace(BEFORE, topic_ids={"purchases": b"old", "support": b"same"}, partitions=4)
    log.topic_ids = {"purchases": b"new", "support": b"same", "browsing": b"never counted"}
    log.lost, log.stopped[2] = {"purchases": 0}, "it was made again"
    assert await skip(Settings(), 2) == {"purchases": 0}
    assert log.committed == Position(
        {"purchases": 0, "support": 8}, 1234, BEFORE.watermarks, {"purchases": b"new", "support": b"same"}, 4
    )


async def test_what_cannot_be_skipped_says_why(log: FakeLog) -> None:
    log.stopped[2] = "the partitions became more"
    with pytest.raises(TopicsError, match="the partitions became more"):
        await skip(Settings(), 2)
    assert log.committed is None


async def test_without_a_loss_nothing_is_written(log: FakeLog) -> None:
    assert await skip(Settings(), 2) == {}
    assert log.steps == [("fence", 2), ("read", 2), ("discard", 2)]
    assert log.committed is None


async def test_what_another_version_has_written_is_left_alone(log: FakeLog) -> None:
    log.lost, log.unreadable = {"purchases": 20}, "position markers of version 9"
    with pytest.raises(TopicsError, match="of version 9"):
        await skip(Settings(), 2)
    assert log.committed is None


@pytest.mark.parametrize("step", ["fence", "read", "begin", "send_changes", "acknowledged", "commit"])
async def test_a_step_that_fails_discards_the_transaction(log: FakeLog, step: str) -> None:
    log.lost = {"purchases": 20}
    log.failures[step] = [ConnectionError(step)]
    with pytest.raises(ConnectionError, match=step):
        await skip(Settings(), 2)
    assert log.steps[-2:] == [(step, 2), ("discard", 2)]
    assert log.committed is None
