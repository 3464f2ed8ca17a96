"""A topic in another shape through a partition group: bytes in, bytes out, and the same as if a producer had mapped."""

import json
from typing import Any

import orjson
import pytest

from agents.batch import Batch, Record
from agents.tracker import Tracker
from schemas.instant import to_text
from streams.mapping.record_mapping import RecordMapping
from streams.mapping.text import read_mapping
from streams.mapping.topic_records import TopicReader
from streams.policy_file import load_rules
from tests.topology.driver import START, Driver

SHOP = "shop.orders"
MAPPING = """
name = "shop"
customer = "customer.id"
at = "updated_at"
order_id = "id"
currency = "currency"
[products]
each = "line_items"
product_id = "sku"
quantity = "quantity"
price = "price"
[[events]]
event = "Order Completed"
when = { financial_status = ["paid", "refunded"] }
at = "created_at"
total = "total_price"
[[events]]
event = "Order Refunded"
when = { financial_status = "refunded" }
total = "refunded"
"""
HOUR = 3_600_000


def shop_order(number: int, customer: object = 7, status: str = "paid", **changed: Any) -> dict[str, Any]:
    order = {
        "id": 1000 + number,
        "customer": {"id": customer, "email": "ann@example.org"},
        "created_at": to_text(START + number * HOUR),
        "updated_at": to_text(START + number * HOUR + 60_000),
        "financial_status": status,
        "currency": "USD",
        "total_price": "40.50",
        "line_items": [{"sku": "A", "quantity": 2, "price": "20.25"}],
    }
    return {**order, **changed}


def as_record(order: Any, offset: int, at: int = START, key: bytes | None = b"7") -> Record:
    return Record(SHOP, offset, at, key, json.dumps(order).encode())


class MappedDriver(Driver):
    """A partition group that reads the shop's topic beside its own."""

    def __init__(self, partitions: int = 4) -> None:
        super().__init__(load_rules(None))
        shape, _ = read_mapping(MAPPING)
        self.tracker = Tracker(self.rules, 0, self.snapshots, {SHOP: TopicReader(RecordMapping(shape), partitions)})


def events_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    shape, _ = read_mapping(MAPPING)
    return [it for it in RecordMapping(shape).outcomes(order) if isinstance(it, dict)]


def test_a_mapped_topic_decides_what_mapped_events_decide() -> None:
    orders = [shop_order(number) for number in range(5)] + [shop_order(4, status="refunded", refunded=40.5)]
    mapped, plain = MappedDriver(), Driver(load_rules(None))
    for number, it in enumerate(orders):
        at = START + min(number, 4) * HOUR
        mapped.feed([as_record(it, number, at)], at)
        plain.feed([Record("customer.purchases", 0, at, b"7", orjson.dumps(event)) for event in events_of(it)], at)
    assert (mapped.counts, mapped.rejected) == (plain.counts, plain.rejected)
    assert mapped.counts["in"] == 7
    assert mapped.transitions
    assert mapped.standing() == plain.standing()
    assert mapped.snapshots == plain.snapshots


def test_a_record_that_comes_again_changes_nothing() -> None:
    driver = MappedDriver()
    again = as_record(shop_order(1, status="refunded", refunded=10), 0, START + HOUR)
    driver.feed([again], START + HOUR)
    before = dict(driver.snapshots)
    driver.feed([again], START + HOUR)
    assert driver.counts["duplicate"] == 2
    assert driver.snapshots == before


def envelope(row: Any, before: Any = None, op: str = "c", schema: bool = True) -> Any:
    change = {"before": before, "after": row, "op": op, "source": {"table": "orders"}, "ts_ms": START}
    return {"schema": {"type": "struct"}, "payload": change} if schema else change


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda row: row,
        lambda row: {"schema": {"type": "struct"}, "payload": row},
        envelope,
        lambda row: envelope(row, {**row, "financial_status": "pending"}, "u", schema=False),
        lambda row: envelope(None, row, "d"),
        json.dumps,
        lambda row: {"specversion": "1.0", "type": "order", "source": "shop", "id": "1", "data": row},
    ],
    ids=["plain", "Connect", "Debezium", "a bare change", "deleted", "text", "CloudEvent"],
)
def test_envelopes_are_opened_before_the_mapping(wrapped: Any) -> None:
    driver = MappedDriver()
    driver.feed([as_record(wrapped(shop_order(0)), 0)], START)
    assert driver.counts["applied"] == 1
    assert [it["properties"]["transition"] for it in driver.transitions[:1]] == ["acquired"]


def test_what_is_no_event_is_counted_by_its_topic() -> None:
    driver = MappedDriver()
    tombstone = Record(SHOP, 1, START, b"7", None)
    nothing = as_record({"schema": {}, "payload": None}, 2)
    driver.feed([as_record(shop_order(0, status="pending"), 0), tombstone, nothing], START)
    assert driver.unknown_names == {"no event: shop.orders": 3}
    assert driver.counts["in"] == driver.counts["applied"] == driver.unknown_names.total() == 3
    assert not driver.snapshots


@pytest.mark.parametrize(
    ("value", "reason", "told"),
    [
        (b"\x00\x00\x00\x00\x05\x0212", "not_json", "Avro and Protobuf must be written as JSON"),
        (b"[1]", "invalid", "the record holds a list"),
        (json.dumps(shop_order(0, customer=None)).encode(), "missing_user", "customer.id is empty"),
        (json.dumps(shop_order(0, total_price="free")).encode(), "bad_amount", "total_price: 'free' is no number"),
        (json.dumps(shop_order(0, currency="XXX")).encode(), "unknown_currency", "XXX"),
    ],
)
def test_what_cannot_be_used_is_a_reject_with_the_record_as_it_was(value: bytes, reason: str, told: str) -> None:
    driver = MappedDriver()
    outcome = driver.tracker.compute(Batch(0, 1, [Record(SHOP, 5, START, b"7", value)], START))
    driver.tracker.apply(outcome)
    found = [json.loads(it) for _, it, _ in outcome.rejects]
    assert outcome.counts["in"] == 1
    assert [it["reason"] for it in found] == [reason]
    assert all(told in it["detail"] and (it["topic"], it["offset"]) == (SHOP, 5) for it in found)
    assert all(key == b"7" for key, _, _ in outcome.rejects)


@pytest.mark.parametrize("key", [b"1000", b'"7"', b'{"id":1000}', None])
def test_a_record_that_is_not_keyed_by_its_customer_is_refused_with_the_mend(key: bytes | None) -> None:
    driver = MappedDriver()
    driver.feed([as_record(shop_order(0), 0, key=key)], START)
    (told,) = driver.rejects
    assert told["reason"] == "key_mismatch"
    assert "PARTITION BY" in told["detail"]
    alone = MappedDriver(partitions=1)
    alone.feed([as_record(shop_order(0), 0, key=key)], START)
    assert alone.counts["applied"] == 1, "with one partition, all customers are together"
    assert list(alone.snapshots) == [b"7"]


def test_one_good_and_one_bad_event_of_a_record() -> None:
    driver = MappedDriver()
    driver.feed([as_record(shop_order(0, status="refunded", refunded="much"), 3)], START + HOUR)
    assert (driver.counts["in"], driver.counts["applied"]) == (2, 1)
    assert [(it["reason"], it["offset"]) for it in driver.rejects] == [("bad_amount", 3)]
