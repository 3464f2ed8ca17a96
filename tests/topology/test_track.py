"""Batches processed by a partition group."""

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.batch import Batch, Record
from schemas.instant import to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import dump, load
from streams.backtest.backtest import UnusableLine, read_events, run
from streams.policy_file import load_rules
from tests.support.histories import POLICIES
from tests.topology.driver import DAY, START, Driver, order, record

RULES = load_rules(None)
HOUR = 3_600_000


def names(driver: Driver) -> list[str]:
    found = [it["properties"] for it in driver.transitions]
    return [it.get("transition") or it.get("ladder_key") or it["audience_key"] for it in found]


def test_silence_is_an_event_at_its_very_instant() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1)], START)
    due = driver.tracker.due()
    assert due is not None
    driver.feed([], START + 60 * DAY - 1)
    assert "at_risk" not in names(driver)
    driver.feed([], START + 60 * DAY + 977)
    last = driver.transitions[-1]
    assert last["properties"]["transition"] == "at_risk"
    assert last["timestamp"] == to_text(START + 60 * DAY)
    assert last["properties"]["cause_deadline"] == "patience"
    assert last["properties"]["why"] == "days_since_order 60 >= 60 (one_time_patience_days 60)"


def test_a_transition_says_what_comes_next() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1)], START)
    properties = driver.transitions[0]["properties"]
    assert (properties["transition"], properties["next_transition"], properties["next_at"]) == (
        "acquired",
        "at_risk",
        to_text(START + 60 * DAY),
    )
    driver.feed([], START + 300 * DAY)
    stages = [it for it in driver.transitions if it["event"] == "Lifecycle Stage Changed"]
    assert [it["properties"]["to"] for it in stages] == ["new", "at_risk", "churned"]
    for before, after in pairwise(stages):
        assert before["properties"]["next_at"] == after["timestamp"]
    assert stages[-1]["properties"]["next_at"] is None


def test_computing_changes_nothing() -> None:
    driver = Driver(RULES)
    driver.feed([order(f"c{n}", START, n) for n in range(5)], START)
    batch = Batch(0, 1, [order("c1", START + DAY, 77)], START + 80 * DAY)
    before = dict(driver.snapshots)
    first = driver.tracker.compute(batch)
    assert driver.snapshots == before
    again = driver.tracker.compute(batch)
    assert (again.changes, again.transitions, again.rejects, again.counts, again.rejected) == (
        first.changes,
        first.transitions,
        first.rejects,
        first.counts,
        first.rejected,
    )
    assert len(first.changes) == 5


@settings(max_examples=settings().max_examples // 5)  # an example is a whole run
@given(st.data())
def test_portions_restarts_and_disorder_make_no_difference(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(sorted(POLICIES)).map(POLICIES.__getitem__))
    rules = Rulebook(read_policy(text, catalogue))
    count = data.draw(st.integers(1, 25))
    moments = [START + data.draw(st.integers(0, 60)) * DAY // 2 for _ in range(count)]
    ids = data.draw(st.sampled_from((count, 4)))
    totals = st.sampled_from((25.0, 25.0, 70.0))
    sent = [order(f"c{number % 3}", at, number % ids, data.draw(totals)) for number, at in enumerate(moments)]
    sent += [it for it in sent if data.draw(st.integers(0, 9)) == 0]
    # A record's own time is when it was sent: up to the lateness after its event.
    late = [data.draw(st.sampled_from((0, 0, HOUR, 3 * DAY))) for _ in sent]
    arrivals = sorted(
        (Record(it.topic, 0, it.time + delay, it.key, it.value) for it, delay in zip(sent, late, strict=True)),
        key=lambda it: it.time,
    )
    end = arrivals[-1].time + data.draw(st.sampled_from((0, 40 * DAY)))
    driver = Driver(rules)
    while arrivals:
        size = data.draw(st.integers(1, 6))
        portion, arrivals = arrivals[:size], arrivals[size:]
        driver.feed(portion, portion[-1].time)
        if data.draw(st.booleans()):
            restarted = Driver(rules, driver.snapshots)
            restarted.tracker.upto = driver.tracker.upto
            restarted.transitions = driver.transitions
            restarted.counts, restarted.rejected = driver.counts, driver.rejected
            driver = restarted
    driver.feed([], end)
    refused: list[UnusableLine] = []
    lines = list(enumerate(it.value or b"" for it in sent))
    events = read_events(lines, end + DAY, rules, refused.append)
    assert refused == []
    decided = run(events, end, rules)
    truth = [json.loads(value) for value in decided.transitions]
    for transition in truth:
        for hidden in ("seq", "correction", "corrects", "revision"):
            del transition["properties"][hidden]

    def position(it: dict[str, object]) -> str:
        return json.dumps(it, sort_keys=True)

    identified = [(it["messageId"], it["properties"].get("to")) for it in sorted(driver.standing(), key=position)]
    assert sorted(identified) == sorted((it["messageId"], it["properties"].get("to")) for it in truth)
    repeated = driver.counts["duplicate"] + driver.rejected["conflict"]
    assert repeated == decided.duplicates.count + len(decided.refused)
    assert driver.counts["in"] == driver.counts["applied"] + repeated


def test_everything_that_comes_in_is_accounted_for() -> None:
    driver = Driver(RULES)
    good = order("c1", START, 1)
    unknown = record("c1", START, {"event": "Moon Landed", "userId": "c1", "timestamp": to_text(START)})
    records = [
        good,
        good,
        unknown,
        Record("customer.browsing", 7, START, b"c1", b"{"),
        Record("customer.browsing", 8, START, b"c1", None),
        Record("customer.browsing", 9, START, b"other", good.value),
        Record("customer.browsing", 10, START - 2 * HOUR, good.key, order("c1", START + DAY, 2).value),
        Record("customer.browsing", 11, START + 3 * HOUR, good.key, order("c1", START, 3).value),
    ]
    driver.feed(records, START + 3 * HOUR)
    assert driver.counts == {"in": 8, "applied": 2, "duplicate": 1}
    assert driver.unknown_names.total() == 1
    assert driver.rejected == {"not_json": 1, "tombstone": 1, "key_mismatch": 1, "from_the_future": 1, "late": 1}
    assert driver.counts["in"] == driver.counts["applied"] + driver.counts["duplicate"] + driver.rejected.total()
    assert [(it["reason"], it["offset"]) for it in driver.rejects] == [
        ("not_json", 7),
        ("tombstone", 8),
        ("key_mismatch", 9),
        ("from_the_future", 10),
        ("late", 11),
    ]


def test_a_late_order_takes_back_what_was_published() -> None:
    driver = Driver(RULES)
    due = START + 60 * DAY
    driver.feed([order("c1", START, 1)], START)
    driver.feed([], due + 60_000)
    retracted = driver.transitions[-1]
    assert retracted["properties"]["transition"] == "at_risk"
    late = order("c1", due - 60_000, 2)
    driver.feed([Record(late.topic, 1, due + 120_000, late.key, late.value)], due + 120_000)
    news = driver.transitions[driver.transitions.index(retracted) + 1 :]
    assert news[0]["messageId"] == retracted["messageId"] + ".retracted"
    assert news[0]["properties"]["retracted"] and news[0]["properties"]["corrects"] == retracted["messageId"]
    assert news[1]["properties"]["transition"] == "repeated"
    assert news[1]["properties"]["correction"] and news[1]["properties"]["corrects"] == retracted["messageId"]
    assert [it["properties"]["seq"] for it in driver.transitions] == list(range(1, len(driver.transitions) + 1))


def test_the_record_that_counts_may_be_replaced_twice_in_a_batch() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START + HOUR // 2, 1, 30.0)], START + HOUR // 2)
    again = [order("c1", START + minute * 60_000, 1, 10.0 + minute) for minute in (10, 20, 5, 10)]
    records = [Record(it.topic, number, START + HOUR // 2, it.key, it.value) for number, it in enumerate(again)]
    driver.feed(records, START + HOUR // 2)
    assert (driver.counts["applied"], driver.counts["duplicate"], driver.rejected["conflict"]) == (1, 2, 2)
    assert [it["timestamp"] for it in driver.standing()][:1] == [to_text(START + 5 * 60_000)]
    assert driver.standing()[0]["properties"]["revenue"] == 15.0


def test_a_flood_shortens_only_its_own_customers_past() -> None:
    driver = Driver(RULES)
    flood = [order("hot", START + number, number) for number in range(700)]
    calm = order("calm", START - 30 * 60_000, "calm")
    driver.feed(flood, START + 700)
    driver.feed([Record(calm.topic, 1, START + 700, calm.key, calm.value)], START + 700)
    before = order("hot", START - 60_000, "before")
    driver.feed([Record(before.topic, 2, START + 700, before.key, before.value)], START + 700)
    assert driver.counts["applied"] == 701
    assert driver.rejected["late"] == 1
    assert driver.bounds["tail"] == 1
    assert max(map(len, driver.snapshots.values())) < 40_000


def test_in_a_flood_the_ids_of_older_events_are_forgotten_first() -> None:
    driver = Driver(RULES)
    early = [order("hot", START + number, number) for number in range(100)]
    driver.feed(early, START + 100)
    later = START + HOUR + 60_000
    flood = [order("hot", later + number, 1000 + number) for number in range(200)]
    driver.feed(flood, later + 200)
    assert driver.bounds["ids"] == 1 and not driver.bounds["tail"]
    again = order("hot", START + 30 * 60_000, 1)  # the same event with a corrected timestamp, as late as it may be
    driver.feed([Record(again.topic, 1, START + 90 * 60_000, again.key, again.value)], START + 90 * 60_000)
    assert driver.counts["applied"] == 301


def test_a_poisoned_customer_stops_nobody_else() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1), order("c2", START, 2)], START)
    broken = Driver(RULES, {**driver.snapshots, b"c1": driver.snapshots[b"c1"][:25] + b"\xc1\xc1"})
    broken.tracker.upto = START
    broken.feed([order("c1", START + 1, 3), order("c2", START + 2, 4)], START + DAY)
    assert [it["reason"] for it in broken.rejects] == ["poison"]
    assert broken.counts["applied"] == 1
    broken.feed([], START + 400 * DAY)
    assert {it["userId"] for it in broken.transitions} == {"c2"}


def test_a_tail_that_cannot_be_read_stops_nobody_else() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1), order("c2", START, 2)], START)
    timeline = load(driver.snapshots[b"c1"], RULES)
    timeline.tail.stored = timeline.tail.stored[:1] + b"\xc1" + timeline.tail.stored[2:]
    broken = Driver(RULES, {**driver.snapshots, b"c1": dump(timeline, RULES)})
    broken.tracker.upto = START
    broken.feed([order("c1", START, 1), order("c2", START + 2, 4)], START + 5)
    assert [it["reason"] for it in broken.rejects] == ["poison"], "whether it is a duplicate only the tail knows"
    assert broken.counts["applied"] == 1


def test_a_new_policy_decides_everyone_again() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1), order("c2", START, 2)], START + DAY)
    stricter = Rulebook(
        read_policy('name = "strict"\n[lifecycle]\none_time_patience_days = 1\none_time_churn_days = 9\n', catalogue)
    )
    after = Driver(stricter, driver.snapshots)
    after.tracker.upto = START + DAY
    assert after.tracker.due() == 0
    after.feed([], START + 2 * DAY)
    causes = [(it["userId"], it["properties"]["cause"], it["properties"]["to"]) for it in after.transitions]
    assert sorted(causes) == [
        ("c1", "policy", "at_risk"),
        ("c1", "policy", "none"),
        ("c2", "policy", "at_risk"),
        ("c2", "policy", "none"),
    ]
    after.feed([], START + 3 * DAY)
    assert len(after.transitions) == 4
    after.feed([], START + 10 * DAY)
    assert [it["properties"]["to"] for it in after.transitions[4:]] == ["churned", "churned"]


def test_a_customer_who_is_forgotten_is_gone() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1), order("c2", START, 2)], START)
    driver.tracker.restore(b"c1", None)
    assert set(driver.snapshots) == {b"c2"}
    assert driver.tracker.stages["new"] == 1
    driver.feed([], START + 400 * DAY)
    assert {it["userId"] for it in driver.transitions if it["properties"]["to"] == "churned"} == {"c2"}


def test_a_snapshot_that_cannot_be_read_at_all_stops_no_tick() -> None:
    driver = Driver(RULES)
    driver.feed([order("c1", START, 1), order("c2", START, 2)], START)
    driver.tracker.restore(b"c1", b"\xff\xff")
    driver.feed([order("c1", START + DAY, 3)], START + 400 * DAY)
    assert [it["reason"] for it in driver.rejects] == ["poison"]
    assert {it["userId"] for it in driver.transitions if it["properties"]["to"] == "churned"} == {"c2"}
