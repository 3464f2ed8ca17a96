"""What does a decision cost, in units of reading the event's JSON with the standard library?

    python -m bench.decisions [CUSTOMERS]

Real households of the Complete Journey under the shipped policy: decode, take in, decide, publish; without Kafka.
"""

import json
import sys
import time

from agents.batch import Batch, Record
from agents.track import Tracker
from streams.backtest import read_events, run
from streams.policy_file import load_rules
from streams.sources.named import open_source

ROUNDS = 3
BATCH = 2000


def main() -> None:
    """Print events a second and the ratios, best of a few rounds."""
    rules = load_rules(None)
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    values = open_source("complete-journey", customers=customers).events
    records = [Record(it.topic, number, it.instant, it.key, it.value) for number, it in enumerate(values)]

    def peer() -> None:
        for it in values:
            json.loads(it.value)

    def backtest() -> None:
        lines = ((number, it.value) for number, it in enumerate(values))
        events = read_events(lines, values[-1].instant, rules, print, lambda: None)
        run(events, None, rules, lambda: None)

    snapshots: dict[bytes, bytes] = {}

    def stream() -> None:
        snapshots.clear()
        tracker = Tracker(rules, 0, snapshots)
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            tracker.publish(tracker.compute(Batch(0, 1, batch, batch[-1].time)))

    spent = {}
    for name, work in (("json.loads", peer), ("backtest", backtest), ("tracker", stream)):
        best = float("inf")
        for _ in range(ROUNDS):
            started = time.process_time()
            work()
            best = min(best, time.process_time() - started)
        spent[name] = best
        rate, ratio = len(values) / best, best / spent["json.loads"]
        print(f"{name:12} {rate:10,.0f} events/s of one core   {ratio:5.1f} x json.loads")
    print(f"{sum(map(len, snapshots.values())) / len(snapshots):,.0f} bytes a customer in the changelog")


if __name__ == "__main__":
    main()
