"""Records in a partition into which the partitioner does not put their key: rejected, whatever they say."""

import json
from collections import Counter

from agents.batch import Batch, Record
from agents.tracker import Tracker
from state.rules.rulebook import Rulebook
from streams.partitioner import partition_by
from streams.policy_file import load_rules
from tests.reference_model import partitioners
from tests.topology.driver import DAY, START, Driver, order, record, text
from tests.topology.test_mapped_topics import MappedDriver, as_record, shop_order

RULES = load_rules(None)
PARTITIONS = 4
CUSTOMERS = [f"c{number}" for number in range(40)]
HERE = [it for it in CUSTOMERS if partitioners.murmur2(it.encode(), PARTITIONS) == 0]
ELSEWHERE = [it for it in CUSTOMERS if it not in HERE]


class PlacedDriver(Driver):
    """Partition 0 of four, with or without the check."""

    def __init__(self, rules: Rulebook = RULES, snapshots: dict[bytes, bytes] | None = None) -> None:
        super().__init__(rules, {})
        self.tracker = Tracker(rules, 0, self.snapshots, partition_of=partition_by("murmur2", PARTITIONS))
        for key, value in (snapshots or {}).items():
            self.tracker.restore(key, value)


def test_exactly_the_misplaced_are_rejected_each_event_of_them() -> None:
    driver = PlacedDriver()
    records = [order(it, START, number) for number, it in enumerate(CUSTOMERS)]
    driver.feed(records, START)
    assert HERE
    assert driver.snapshots.keys() == {it.encode() for it in HERE}
    assert driver.rejected == {"misplaced": len(ELSEWHERE)}
    assert driver.counts["in"] == driver.counts["applied"] + driver.rejected.total()
    assert "lies in partition 0, and its key belongs into partition" in driver.rejects[0]["detail"]
    listed = record(ELSEWHERE[0], START, {})
    events = [json.loads(order(ELSEWHERE[0], START, number).value or b"") for number in (1, 2)]
    unknown = record(ELSEWHERE[0], START, {"event": "Moon Landed", "userId": ELSEWHERE[0], "timestamp": text(START)})
    late = order(ELSEWHERE[0], START - 9 * DAY, 3)
    outcome = driver.feed(
        [
            Record(listed.topic, 1, START, listed.key, json.dumps(events).encode()),
            unknown,
            Record("customer.browsing", 2, START, late.key, late.value),
            Record("customer.browsing", 3, START, b"somebody else", late.value),
        ],
        START,
    )
    assert outcome.rejected == {"misplaced": 4, "key_mismatch": 1}
    assert outcome.misplaced == {"customer.purchases": 3, "customer.browsing": 1}


def test_a_customer_whom_an_older_version_took_in_gets_no_further_event() -> None:
    older = Driver(RULES)
    older.feed([order(ELSEWHERE[0], START, 1)], START)
    driver = PlacedDriver(snapshots=older.snapshots)
    driver.feed([order(ELSEWHERE[0], START + DAY, 2)], START + DAY)
    assert driver.rejected == {"misplaced": 1}
    assert driver.snapshots == older.snapshots


def test_a_mapped_record_is_checked_by_its_customer_and_one_without_an_event_is_nobodys() -> None:
    driver = MappedDriver(PARTITIONS)
    driver.tracker = Tracker(
        driver.rules, 1, driver.snapshots, driver.tracker._readers, partition_of=partition_by("murmur2", PARTITIONS)
    )
    belongs = partitioners.murmur2(b"7", PARTITIONS)
    assert belongs != 1
    outcome = driver.tracker.compute(
        Batch(0, 1, [as_record(shop_order(1), 0), as_record({"financial_status": "pending"}, 1, key=None)], START)
    )
    assert outcome.rejected == {"misplaced": 1}
    assert outcome.counts == Counter({"in": 2, "applied": 1})
