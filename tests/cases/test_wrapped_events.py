"""Events in what other systems wrap them in, and records that hold several."""

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from agents.batch import Record
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.backtest.pool import backtest_pool
from streams.backtest.pool_process import BacktestOptions
from tests.cases.intake import Intake, both
from tests.topology.driver import Driver

CLOUD = {"specversion": "1.0", "type": "com.shop.order", "source": "/shop", "id": "c1"}
ROW = {"before": None, "after": {"id": 7, "customer_id": 12, "total": "20.00"}, "op": "c", "ts_ms": 1740823200000}


def order(number: int, user: str = "ann", **fields: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m{number}",
        "userId": user,
        "timestamp": f"2025-03-01T10:{number:02}:00Z",
        "properties": {"order_id": str(number), "total": 20},
        **fields,
    }


def line(value: Any) -> bytes:
    return json.dumps(value).encode()


@both
@pytest.mark.parametrize(
    "wrapped",
    [
        {**CLOUD, "datacontenttype": "application/json", "data": order(1)},
        {**CLOUD, "data": json.dumps(order(1))},
        {**CLOUD, "data_base64": b64encode(line(order(1))).decode()},
        {"schema": {"type": "struct"}, "payload": order(1)},
        json.dumps(order(1)),
        [order(1)],
        {"batch": [order(1)], "sentAt": "2025-03-01T10:00:01Z"},
        {"schema": None, "payload": {"batch": [order(1)]}},
        {**CLOUD, "data": [json.dumps(order(1))]},
        [{**CLOUD, "data": order(1)}],
        order(1, userId=None, user_id="ann"),
        order(1, messageId=None, message_id="m1"),
    ],
)
def test_the_event_is_opened(intake: Intake, wrapped: Any) -> None:
    result = intake([line(wrapped), line(order(1))])
    assert (result.rejects, result.duplicates) == ([], 1)
    assert result.figure("ann", "revenue") == 20


@both
@pytest.mark.parametrize(
    ("value", "reason", "told"),
    [
        (ROW, "missing_user", "the value is a Debezium change, which is a row and no event: map it to an event first"),
        ({"schema": {}, "payload": ROW}, "missing_user", "the value is a Debezium change"),
        ({**CLOUD, "data_base64": b64encode(b'{"type":"track"}').decode()}, "missing_user", "userId is missing"),
        (order(1, userId=None, anonymousId="an1"), "missing_user", "userId is missing or empty: send the id of the"),
        ({"batch": []}, "invalid", "the value is a list without any event"),
    ],
)
def test_what_is_no_event_is_called_by_its_name(intake: Intake, value: Any, reason: str, told: str) -> None:
    result = intake([line(value)])
    assert result.rejects == [(1, reason)]
    assert result.details[1].startswith(told)


@both
def test_each_event_of_a_list_counts_by_itself(intake: Intake) -> None:
    odd = order(4, properties={"order_id": "4", "total": "abc"})
    unknown = {**order(5), "event": "Nobody Knows"}
    anonymous = {"type": "page", "anonymousId": "an1", "timestamp": "2025-03-01T10:00:00Z"}
    events = [order(2), order(3), order(2), odd, unknown, anonymous, [order(6)]]
    result = intake([line(order(1)), line({"batch": events}), line(events[:2])])
    assert result.figure("ann", "orders") == 3
    assert (result.duplicates, result.unknown_names) == (3, {"Nobody Knows": 1})
    assert sorted(reason for _, reason in result.rejects) == ["invalid", "invalid", "missing_user"]
    assert {number for number, _ in result.rejects} == {2}
    assert (
        result.details[2] == "event 7 of its record: the value is a list of events in a list of events: send one list"
    )


@both
def test_the_times_of_a_batch_are_those_of_its_events(intake: Intake) -> None:
    late = {**order(1, timestamp=None), "originalTimestamp": "2025-03-02T10:01:00Z"}
    batch = {"batch": [late], "sentAt": "2025-03-02T10:02:00Z", "receivedAt": "2025-03-01T10:02:00Z"}
    result = intake([line(batch)])
    assert result.stages("ann") == [("acquired", "2025-03-01T10:01:00.000Z")]


@both
def test_a_conflict_in_a_list_is_told(intake: Intake) -> None:
    other = order(1, properties={"order_id": "1", "total": 30})
    result = intake([line([order(1), other, order(1, context={"traits": {"plan": "pro"}})])])
    assert result.rejects == [(1, "conflict")] * 2
    assert "Order Completed with this messageId" in result.details[1]


def test_a_list_of_several_customers_is_dealt_to_all_processes() -> None:
    lines = [line([order(1, f"u{user}") for user in range(30)] + [order(1, "guest")]), line(order(2, "u7"))]
    found = []
    for processes in (1, 3):
        with backtest_pool(BacktestOptions(None, 2**62, with_profiles=True), processes) as pool:
            read = pool.read(enumerate(lines, 1), lambda _: None)
            pool.decide(read.last or 0, lambda _: None)
            found.append((read.tally, read.customers, read.refused, list(pool.transitions()), list(pool.profiles())))
    assert found[0] == found[1]
    ((*_, text),) = found[0][2]
    refused = json.loads(text)
    assert (refused["line"], refused["event"], refused["reason"]) == (1, 31, "placeholder_user")
    assert len(found[0][4]) == 30


def test_a_record_of_another_customer_is_rejected_alone() -> None:
    driver = Driver(Rulebook(read_policy('name = "lists"', catalogue)))
    now = 1740823260000
    value = line([order(1), order(1, "bob"), order(2)])
    driver.feed([Record("customer.purchases", 5, now + 3_600_000, b"ann", value)], now + 3_600_000)
    assert driver.counts["in"] == 3 == driver.counts["applied"] + driver.rejected["key_mismatch"]
    (refused,) = driver.rejects
    assert refused["detail"] == "event 2 of its record: the record's key is not the event's userId"
    assert refused["offset"] == 5
    assert json.loads(b64decode(refused["value"])) == order(1, "bob")
