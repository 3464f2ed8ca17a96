"""What does an event of each kind cost in the core alone: decoded, put in its place, decided, ready to be written?

    python -m bench core
    python -m bench core --quick
    python -m bench.core --profile core.svg       # where the time goes, as a flame graph

The tracker without Kafka; each event meets a typical customer of its own. The peer is json.loads on the same bytes. One
row has the events as they come under a policy that asks for more: that of asking_more.toml after the one that ships.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

from agents.batch import Batch, Record
from agents.tracker import Tracker
from bench.flame import recording
from bench.gc_settings import apply_worker_settings
from bench.population import Population, pass_time, simulate
from bench.report import Bar, Bars, Report, Say, Size, Spread, Table
from bench.visits import Visits, stamped
from schemas.instant import from_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.policy_file import load_rules, shipped_policy
from streams.sources.source import SourceEvent

INSTANT = from_text("2026-01-01T00:00:00Z")
KINDS = {
    "product view": "Product Viewed",
    "search": "Products Searched",
    "cart": "Product Added",
    "coupon": "Coupon Applied",
    "order": "Order Completed",
    "refund": "Order Refunded",
    "ticket": "Support Ticket Created",
    "rating": "Support Ticket Rated",
    "identify": "identify",
    "page view": "page",
}
AS_THEY_COME = "all, as they come"
ASKING_MORE = "all, asking more"
_BATCH = 1000
_RATE = 5000.0
_PROFILED_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Processor time in µs per event, the same for ``json.loads`` alone, and transitions per event."""

    name: str
    tracked: Spread
    parsed: Spread
    transitions: float

    @property
    def ratio(self) -> float:
        """The cost of an event as a multiple of ``json.loads``."""
        return self.tracked.median / self.parsed.median


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    apply_worker_settings()
    rules = load_rules(None)
    say("simulating a year of those who are copied")
    population = simulate(rules, size.of(1000, 200), INSTANT)
    count = size.of(5000, 200)
    kinds = []
    for name, events in _loads(population, count):
        kinds.append(_measured(name, events, population, rules, size.rounds))
        say(f"{name}: {kinds[-1].tracked} µs an event")
    say("the same under a policy that asks for more")
    more = _asking_more()
    wide = simulate(more, size.of(1000, 200), INSTANT)
    kinds.insert(1, _measured(ASKING_MORE, _as_they_come(wide, 4 * count), wide, more, size.rounds))
    return _report(kinds, {AS_THEY_COME: _bytes(population), ASKING_MORE: _bytes(wide)})


def _asking_more() -> Rulebook:
    added = Path(__file__).with_name("asking_more.toml").read_text("utf-8")
    return Rulebook(read_policy(shipped_policy().read_text("utf-8") + added, catalogue))


def _bytes(population: Population) -> float:
    return round(mean(len(it.snapshot) for it in population.originals), 1)


def _loads(population: Population, count: int) -> Iterator[tuple[str, list[SourceEvent]]]:
    yield AS_THEY_COME, _as_they_come(population, 4 * count)  # so many that few are of one customer in a batch
    for name, event in KINDS.items():
        if found := list(islice(_of_kind(population, event), count)):
            yield name, found


def _as_they_come(population: Population, count: int) -> list[SourceEvent]:
    customers = 100 * len(population.originals)
    return list(Visits(population, customers, count).from_instant(population.instant, _RATE))


def _of_kind(population: Population, name: str) -> Iterator[SourceEvent]:
    mark = (f'"type":"{name}"' if name in ("identify", "page") else f'"event":"{name}"').encode()
    found = [
        (place, event)
        for place, original in enumerate(population.originals)
        for day in original.days
        for event in day
        if mark in event.value
    ]
    for number, (place, event) in enumerate(cycle(found)):
        # Each event is another copy's.
        key = population.key(number * len(population.originals) + place)
        yield stamped(event, key, population.instant + int(number * 1000 / _RATE))


def _measured(name: str, events: Sequence[SourceEvent], population: Population, rules: Rulebook, rounds: int) -> Kind:
    records = [Record(it.topic, number, it.instant, it.key, it.value) for number, it in enumerate(events)]
    tracked, parsed, transitions = [], [], 0
    for _ in range(rounds):
        seconds, transitions = _tracked(_restored(population, records, rules), records)
        tracked.append(seconds / len(records) * 1e6)
        parsed.append(_parsed(records) / len(records) * 1e6)
    return Kind(name, Spread.over(tracked), Spread.over(parsed), transitions / len(records))


def _restored(population: Population, records: Sequence[Record], rules: Rulebook) -> Tracker:
    tracker = Tracker(rules, 0, {})
    for key in {record.key for record in records if record.key is not None}:
        tracker.restore(key, population.original(population.number(key)).snapshot)
    pass_time(tracker, population.instant)  # a midnight, at which some are due
    return tracker


def _tracked(tracker: Tracker, records: Sequence[Record]) -> tuple[float, int]:
    transitions = 0
    began = time.process_time()
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        outcome = tracker.compute(Batch(0, 0, batch, batch[-1].time))
        tracker.apply(outcome)
        transitions += len(outcome.transitions)
    return time.process_time() - began, transitions


def _parsed(records: Sequence[Record]) -> float:
    began = time.process_time()
    for record in records:
        json.loads(record.value or b"")
    return time.process_time() - began


def _report(kinds: Sequence[Kind], bytes_: Mapping[str, float]) -> Report:
    return Report(
        bench="core",
        figures={
            "events_per_second": round(1e6 / kinds[0].tracked.median),
            "bytes_a_customer": bytes_,
            "kinds": [{**asdict(it), "ratio": round(it.ratio, 2)} for it in kinds],
        },
        tables=[
            Table(
                "An event in the core, µs of the processor",
                ["kind", "lifestage", "json.loads", "ratio", "transitions an event"],
                [[it.name, it.tracked, it.parsed, it.ratio, it.transitions] for it in kinds],
            )
        ],
        pictures=[
            Bars(
                "core",
                "What an event costs in the core, by kind",
                "µs of the processor",
                {"": [Bar(it.name, it.tracked, ours=True) for it in kinds]},
            )
        ],
    )


def main() -> None:
    """Draw the flame graph of the core."""
    parser = argparse.ArgumentParser(prog="python -m bench.core", description="where the core's time goes")
    parser.add_argument("--profile", required=True, metavar="FILE.svg")
    file = parser.parse_args().profile
    apply_worker_settings()
    rules = load_rules(None)
    population = simulate(rules, 500, INSTANT)
    records = [
        Record(it.topic, number, it.instant, it.key, it.value)
        for number, it in enumerate(_as_they_come(population, 20_000))
    ]
    with recording(os.getpid(), file):
        end = time.monotonic() + _PROFILED_SECONDS
        while time.monotonic() < end:
            _tracked(_restored(population, records, rules), records)
    print(f"drawn: {file}")


if __name__ == "__main__":
    main()
