"""The tally of a worker: since its start, and its line about a minute; no customer in either."""

import json

from agents.batch import Outcome
from streams.observe.worker_tally import MAX_NAMES, WorkerTally
from streams.policy_file import load_rules
from streams.tally.tally import OTHER
from tests.support.observed import CUSTOMER, commit, committed
from tests.topology.driver import DAY, START, Driver, order, record, text


def test_the_document_has_everything_since_the_start() -> None:
    tally = WorkerTally()
    for _ in range(2):
        tally.committed(committed())
        tally.line("the last minute")
    assert tally.document() == {
        "applied": 6,
        "duplicates": 2,
        "rejected": {"late": {"count": 4, "example": "customer.purchases/0/7: userId: too late"}},
        "unknown_names": {"Order Compleet": {"count": 2, "nearest": "Order Completed"}},
        "unknown_orders": 0,
        "unusable_accounts": 2,
        "bounds": {},
    }
    assert CUSTOMER not in json.dumps(tally.document())


def test_a_line_is_about_the_time_since_the_last_one() -> None:
    tally = WorkerTally()
    tally.committed(committed())
    assert tally.line("the last minute") == (
        "in the last minute: 3 applied, 1 duplicate, 2 rejected (late 2; e.g. customer.purchases/0/7: userId: too "
        "late), 1 of unknown names (Order Compleet 1: do you mean Order Completed?), 1 that reach no account, "
        "since groupId is no usable id; decisions that failed for their customers, who stay as they were: 1"
    )
    assert tally.line("the last minute") == ""
    outcome = Outcome(0)
    outcome.counts["applied"] = 5
    tally.committed(commit(outcome))
    assert tally.line("the last minute") == "", "nothing was put aside"
    outcome.bounds["traits"] = 2
    outcome.counts["unknown_order"] = 3
    tally.committed(commit(outcome))
    assert tally.line("the last minute") == (
        "in the last minute: 5 applied, 0 duplicate, 3 of orders never seen, bounds that held: traits 2"
    ), "the five before were in an earlier minute"


def test_unknown_names_are_bounded() -> None:
    tally = WorkerTally()
    outcome = Outcome(0)
    outcome.unknown_names.update(f"Gift {number:03}" for number in range(MAX_NAMES + 20))
    outcome.counts.update({"in": MAX_NAMES + 20, "applied": MAX_NAMES + 20})
    tally.committed(commit(outcome))
    names = tally.document()["unknown_names"]
    assert len(names) == MAX_NAMES + 1
    assert names[OTHER]["count"] == 20
    assert tally.total.applied == tally.total.events == MAX_NAMES + 20


def test_what_a_partition_group_puts_aside_is_told_without_its_customers() -> None:
    driver, tally = Driver(load_rules(None)), WorkerTally()
    good = order(CUSTOMER, START, 1)
    wrong = json.loads(good.value or b"")
    records = [
        good,
        good,
        record(CUSTOMER, START, {**wrong, "event": "Order Compleet"}),
        record(CUSTOMER, START, {**wrong, "userId": [CUSTOMER]}),
        record(CUSTOMER, START, {**wrong, "properties": {"order_id": "o2", "total": CUSTOMER}}),
        record(CUSTOMER, START, {**wrong, "messageId": "m9", "timestamp": text(START - 30 * DAY)}),
        record(CUSTOMER, START, {**wrong, "userId": "another"}),
    ]
    tally.committed(commit(driver.feed(records, START)))
    told = json.dumps(tally.document()) + tally.line("the last minute")
    assert CUSTOMER not in told
    assert tally.total.events == len(records)
    assert tally.document()["rejected"].keys() == {"invalid", "late", "key_mismatch"}
    assert "o2" not in told
    assert tally.document()["unknown_names"] == {"Order Compleet": {"count": 1, "nearest": "Order Completed"}}
