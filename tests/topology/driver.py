"""A partition group without Kafka: batches of bytes go in, what would be committed comes out."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from agents.batch import Batch, Outcome, Record
from agents.tracker import Tracker
from state.rules.rulebook import Rulebook

DAY = 86_400_000
START = 1_700_000_000_000


def order(customer: str, at: int, number: int | str, total: float = 40.0) -> Record:
    """An order as a producer sends it."""
    value = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m{number}",
        "userId": customer,
        "timestamp": text(at),
        "properties": {"order_id": f"o{number}", "total": total, "products": [{"category": "Grocery"}]},
    }
    return record(customer, at, value)


def record(customer: str, at: int, value: dict[str, Any]) -> Record:
    """A record at its event's time."""
    return Record("customer.purchases", 0, at, customer.encode(), json.dumps(value).encode())


def text(at: int) -> str:
    """RFC 3339 of an instant."""
    from schemas.instant import to_text

    return to_text(at)


class Driver:
    """Feeds batches to a tracker and keeps what was committed."""

    def __init__(self, rules: Rulebook, snapshots: dict[bytes, bytes] | None = None) -> None:
        self.rules = rules
        self.snapshots: dict[bytes, bytes] = {}
        self.tracker = Tracker(rules, 0, self.snapshots)
        for key, value in (snapshots or {}).items():
            self.tracker.restore(key, value)
        self.counts: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.unknown_names: Counter[str] = Counter()
        self.bounds: Counter[str] = Counter()
        self.transitions: list[dict[str, Any]] = []
        self.rejects: list[dict[str, Any]] = []

    def feed(self, records: Iterable[Record], upto: int) -> Outcome:
        """One batch: computed, committed, applied."""
        outcome = self.tracker.compute(Batch(0, 1, list(records), upto))
        self.tracker.apply(outcome)
        self.counts += outcome.counts
        self.rejected += outcome.rejected
        self.unknown_names += outcome.unknown_names
        self.bounds += outcome.bounds
        self.transitions += [json.loads(value) for _, value, _ in outcome.transitions]
        self.rejects += [json.loads(value) for _, value, _ in outcome.rejects]
        return outcome

    def standing(self) -> list[dict[str, Any]]:
        """The transitions that stand, without the fields about how they were published."""
        left: dict[str, dict[str, Any]] = {}
        for transition in self.transitions:
            properties = transition["properties"]
            if properties["retracted"]:
                del left[properties["corrects"]]
                continue
            left[transition["messageId"]] = transition
        return [_plain(transition) for transition in left.values()]


def _plain(transition: dict[str, Any]) -> dict[str, Any]:
    hidden = ("seq", "correction", "corrects", "revision")
    properties = {name: value for name, value in transition["properties"].items() if name not in hidden}
    return {**transition, "messageId": transition["messageId"].partition(".")[0], "properties": properties}
