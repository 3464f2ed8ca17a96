"""A transaction: what is sent, in which batches, and how its producer ends; by a fake producer."""

import asyncio
from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import InvalidTimestampError, ProducerFenced
from aiokafka.partitioner import DefaultPartitioner

from agents.batch import Watermark
from streams.partitions import transaction
from streams.partitions.position import POSITION_KEY
from streams.partitions.transaction import GroupTransaction
from streams.partitions.wall_clock import WrongClockError
from streams.partitions.watermarks import WATERMARK_KEY, write_watermark
from streams.settings import Settings
from streams.topics import topics_of

SETTINGS = Settings(app_id="shop", batch_timeout=5.0)
TOPICS = topics_of(SETTINGS)
Row = tuple[bytes | None, bytes, int | None]


class FakeBatch:
    """Takes one record of any size, and more up to ten bytes in all."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.closed = False

    def append(self, *, key: bytes | None, value: bytes, timestamp: int | None) -> object:
        if self.rows and sum(len(row[1]) for row in self.rows) + len(value) > 10:
            return None
        self.rows.append((key, value, timestamp))
        return object()

    def close(self) -> None:
        self.closed = True


class FakeProducer:
    """``errors`` by step; ``stuck`` steps never return. Records are acknowledged when the test says so."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.steps: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.stuck: set[str] = set()
        self.sent: list[tuple[str, int, list[Row]]] = []
        self.acknowledgements: list[asyncio.Future[Any]] = []

    async def _step(self, name: str) -> None:
        self.steps.append(name)
        if name in self.stuck:
            await asyncio.Event().wait()
        if name in self.errors:
            raise self.errors[name]

    async def start(self) -> None:
        await self._step("start")

    async def stop(self) -> None:
        await self._step("stop")

    async def begin_transaction(self) -> None:
        await self._step("begin")

    async def commit_transaction(self) -> None:
        await self._step("commit")

    async def abort_transaction(self) -> None:
        await self._step("abort")

    def create_batch(self) -> FakeBatch:
        return FakeBatch()

    async def send_batch(self, batch: FakeBatch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        assert batch.closed
        self.sent.append((topic, partition, batch.rows))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.acknowledgements.append(future)
        return future

    def acknowledge(self, **ends: int) -> None:
        offsets = {TOPICS.changelog: ends["changelog"], TOPICS.transitions: ends["transitions"]}
        for (topic, _, _), future in zip(self.sent, self.acknowledgements, strict=True):
            future.set_result(SimpleNamespace(topic=topic, offset=offsets[topic], timestamp=-1, timestamp_type=0))


Written = tuple[GroupTransaction, FakeProducer]


@pytest.fixture
async def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.setattr(transaction, "AIOKafkaProducer", FakeProducer)
    monkeypatch.setattr(transaction, "_compressed_batch", FakeBatch)
    monkeypatch.setattr(transaction, "_ABORT_SECONDS", 0.01)
    made = GroupTransaction(SETTINGS, 3)
    producer: Any = made._producer
    return made, producer


async def test_no_other_worker_may_use_the_id_and_the_broker_waits_longer_than_a_batch(written: Written) -> None:
    _, producer = written
    assert producer.arguments["transactional_id"] == "shop-3"
    assert producer.arguments["transaction_timeout_ms"] > SETTINGS.batch_timeout * 1000
    assert producer.arguments["request_timeout_ms"] < SETTINGS.batch_timeout * 1000


async def test_the_marker_follows_the_changes_and_a_large_record_goes_alone(written: Written) -> None:
    made, producer = written
    await made.begin()
    await made.send_changes({b"a": b"1234", b"b": b"1234", b"c": b"x" * 50}, b"marker")
    await made.send_transitions([(b"a", b"12345678", 5), (b"b", b"12345678", 6)])
    await made.send_rejects([])
    assert producer.sent == [
        (TOPICS.changelog, 3, [(b"a", b"1234", None), (b"b", b"1234", None)]),
        (TOPICS.changelog, 3, [(b"c", b"x" * 50, None)]),
        (TOPICS.changelog, 3, [(POSITION_KEY, b"marker", None)]),
        (TOPICS.transitions, 3, [(b"a", b"12345678", 5)]),
        (TOPICS.transitions, 3, [(b"b", b"12345678", 6)]),
    ]


async def test_a_transaction_waits_for_every_record_and_knows_where_the_changelog_ends(written: Written) -> None:
    made, producer = written
    await made.begin()
    await made.send_changes({}, b"marker")
    await made.send_transitions([(b"a", b"1", 5), (b"b", b"2", 6)])
    waiting = asyncio.ensure_future(made.acknowledged())
    await asyncio.sleep(0)
    assert not waiting.done()
    producer.acknowledge(changelog=41, transitions=70)
    await waiting
    assert made.changelog_end == 42
    assert made.transitions_end == 72
    await made.commit()
    await made.begin()
    await made.acknowledged()
    assert producer.steps == ["begin", "commit", "begin"]


async def test_a_record_that_did_not_arrive_is_an_error(written: Written) -> None:
    made, producer = written
    await made.begin()
    await made.send_changes({}, b"marker")
    producer.acknowledgements[0].set_exception(ConnectionError("lost"))
    with pytest.raises(ConnectionError, match="lost"):
        await made.acknowledged()
    assert made.changelog_end == 0


@pytest.mark.parametrize(
    ("done", "steps"),
    [
        ((), ["stop"]),
        (("begin",), ["abort", "stop"]),
        (("begin", "commit"), ["stop"]),
        (("begin", "commit", "begin"), ["abort", "stop"]),
    ],
)
async def test_only_an_open_transaction_is_aborted(written: Written, done: tuple[str, ...], steps: list[str]) -> None:
    made, producer = written
    for step in done:
        await getattr(made, step)()
    await made.discard()
    assert producer.steps == [*done, *steps]


async def test_a_commit_that_failed_may_be_open_still(written: Written) -> None:
    made, producer = written
    producer.errors["commit"] = ConnectionError("away")
    await made.begin()
    with pytest.raises(ConnectionError):
        await made.commit()
    await made.discard()
    assert producer.steps == ["begin", "commit", "abort", "stop"]


@pytest.mark.parametrize("stuck", [False, True])
async def test_discarding_never_raises_and_never_waits_for_long(written: Written, stuck: bool) -> None:
    made, producer = written
    if stuck:
        producer.stuck = {"abort", "stop"}
    else:
        producer.errors = {"abort": ProducerFenced(), "stop": ProducerFenced()}
    await made.begin()
    await made.send_changes({}, b"marker")
    await made.discard()
    assert producer.steps == ["begin", "abort", "stop"]
    assert producer.acknowledgements[0].cancelled(), "nobody waits for it any more"


async def test_events_of_accounts_go_where_their_key_leads_and_all_hear_how_far_it_is(
    written: Written,
) -> None:
    made, producer = written
    await made.begin()
    await made.send_account_events([(b"acme", b"v", 5)], 7, final=False)
    assert producer.sent == []
    settings = replace(SETTINGS, accounts=True, partitions=4)
    made = GroupTransaction(settings, 3)
    telling: Any = made._producer
    await made.begin()
    events = [(b"a%d" % number, b"v", number) for number in range(12)]
    await made.send_account_events(events, 7, final=True)
    topic = topics_of(settings).account_events[3]
    rows: dict[int, list[Row]] = defaultdict(list)
    for name, partition, some in telling.sent:
        assert name == topic
        rows[partition] += some
    told = (WATERMARK_KEY, write_watermark(Watermark(7, final=True)), 7)
    assert [rows[partition][-1] for partition in range(4)] == [told] * 4
    everywhere = list(range(4))
    for partition in everywhere:
        own = [it for it in events if DefaultPartitioner()(it[0], everywhere, everywhere) == partition]
        assert rows[partition][:-1] == own


NOW = 1_700_000_000_000


def answered(producer: FakeProducer, broker_time: int, kind: int = 1) -> None:
    """Acknowledge with the broker's time; what is not for the changelog is refused."""
    for (topic, _, _), future in zip(producer.sent, producer.acknowledgements, strict=True):
        if topic == TOPICS.changelog:
            future.set_result(SimpleNamespace(topic=topic, offset=1, timestamp=broker_time, timestamp_type=kind))
        else:
            future.set_exception(InvalidTimestampError())


@pytest.mark.parametrize("has_transitions", [False, True])
async def test_what_a_wrong_clock_has_decided_is_not_committed(written: Written, has_transitions: bool) -> None:
    made, producer = written
    made.decides = 0, NOW + 7_200_000
    await made.begin()
    await made.send_changes({}, b"marker")
    if has_transitions:  # ahead of the broker's own limit, so that it refuses them
        await made.send_transitions([(b"a", b"1", NOW + 7_200_000)])
    answered(producer, NOW)
    with pytest.raises(WrongClockError, match="s ahead of"):
        await made.acknowledged()


@pytest.mark.parametrize(
    ("settings", "kind"),
    [(SETTINGS, 0), (replace(SETTINGS, clock="stream"), 1), (replace(SETTINGS, embedded=True), 1)],
)
async def test_clocks_are_compared_only_where_the_brokers_is_told_and_ours_decides(
    written: Written, settings: Settings, kind: int
) -> None:
    made = GroupTransaction(settings, 3)
    producer: Any = made._producer
    made.decides = 0, NOW + 7_200_000
    await made.begin()
    await made.send_changes({}, b"marker")
    answered(producer, NOW, kind)
    await made.acknowledged()
