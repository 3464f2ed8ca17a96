"""The members of a segment are those of the last snapshots, whatever is packed in them and how."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from agents.batch import Batch, Position, Record
from agents.tracker import Tracker
from schemas.instant import to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.partitions.position import POSITION_KEY, encode_position
from streams.republish.members import Members, read_members
from tests.topology.driver import DAY, START, order, record

POLICY = """
name = "p"
[[segments]]
key = "shoppers"
name = "S"
enter = "revenue_30d >= 50"
[[segments]]
key = "big_shoppers"
name = "B"
enter = "revenue_30d >= 100"
"""
RULES = Rulebook(read_policy(POLICY, catalogue))


@dataclass
class Written:
    """A record of the changelog."""

    partition: int
    key: bytes
    value: bytes | None


class Log:
    """A changelog, read as by a ``TopicReader``."""

    def __init__(self, records: Sequence[Written]) -> None:
        self.records = records
        self.read_to: Mapping[int, int] = {}

    async def until_now(self, start: Mapping[int, int] | None = None) -> AsyncIterator[Written]:
        for it in self.records:
            yield it


def snapshots(*batches: Sequence[Record]) -> list[Written]:
    """What a worker writes for one batch after the other, a day apart, so that the earlier ones are folded."""
    tracker = Tracker(RULES, 1, {})
    written = []
    for day, records in enumerate(batches):
        outcome = tracker.compute(Batch(1, 1, records, START + day * DAY))
        tracker.apply(outcome)
        written += [Written(1, key, value) for key, value in outcome.changes.items()]
    return written


async def members(records: Sequence[Written], segment: str) -> Members:
    return await read_members(Log(records), segment, RULES, lambda _: None)  # type: ignore[arg-type]


def cancelled(customer: str, at: int, order_id: str) -> Record:
    event = {"event": "Order Cancelled", "messageId": f"c{order_id}", "userId": customer, "timestamp": to_text(at)}
    return record(customer, at, {**event, "properties": {"order_id": order_id}})


async def test_the_last_snapshot_says_who_is_in_a_segment() -> None:
    records = snapshots(
        [order("a", START, 1, 120), order("b", START, 2, 120), order("c", START, 3, 60)],
        [cancelled("b", START + DAY, "o2"), order("a", START + DAY, 4, 5), order("c", START + DAY, 5, 5)],
        [order("a", START + 2 * DAY, 6, 5)],
    )
    records.append(Written(1, POSITION_KEY, encode_position(Position({}, START + 2 * DAY))))
    found = await members(records, "big_shoppers")
    assert found.found == {b"a": 1}
    assert (await members(records, "shoppers")).found == {b"a": 1, b"c": 1}
    assert found.upto == START + 2 * DAY
    gone = [*records, Written(1, b"a", None)]
    assert (await members(gone, "shoppers")).found == {b"c": 1}


async def test_who_cannot_be_read_is_counted() -> None:
    found = await members([Written(0, b"a", b"\x00"), Written(0, b"b", b"\x00"), Written(0, b"b", None)], "shoppers")
    assert (found.found, found.unreadable, found.upto) == ({}, {b"a"}, None)
