"""What does a customer with very many orders cost: bytes an order, and µs an event?

    python -m bench wholesale
    python -m bench wholesale --quick

The tracker without Kafka, each event an hour after the last one, so that each is folded. The worst case says everything
that an order can say: another currency, a discount, a coupon, a partial refund.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from agents.batch import Batch, Record
from agents.tracker import Tracker
from bench.gc_settings import apply_worker_settings
from bench.report import Report, Say, Size, Spread, Table
from schemas.instant import from_text, to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.policy_file import load_rules

START = from_text("2025-01-01T00:00:00Z")
SPAN_DAYS = 390
ORDERS = (10, 100, 1000, 10_000)
_DAY = 86_400_000
_HOUR = 3_600_000
_KEY = b"w"
_BATCH = 1000
_MAX_RECORD = 1_048_576
_FOREIGN = 'name = "foreign"\n[money.rates]\nEUR = 1.08'


@dataclass(frozen=True, slots=True)
class Cost:
    """A customer with so many orders: bytes of the snapshot, of each order, and µs of an event by kind."""

    orders: int
    snapshot: int
    order_bytes: float
    events: dict[str, Spread]


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    apply_worker_settings()
    rules = load_rules(None)
    costs = []
    for orders in ORDERS[: size.of(len(ORDERS), 2)]:
        costs.append(_cost(orders, rules, size))
        say(f"{orders:,} orders: {costs[-1].snapshot:,} bytes, {costs[-1].events['order']} µs an order")
    worst = _worst(size.of(ORDERS[-1], ORDERS[1]))
    say(f"the worst case: {worst:,} bytes")
    return _report(costs, worst)


def _cost(orders: int, rules: Rulebook, size: Size) -> Cost:
    snapshots: dict[bytes, bytes] = {}
    _feed(Tracker(rules, 0, snapshots), _placed(orders))
    snapshot = snapshots[_KEY]
    kinds: dict[str, Callable[[int], dict[str, object]]] = {
        "order": lambda number: _event("Order Completed", f"n{number}", total=50),
        "view": lambda number: _event("Product Viewed", "none"),
        "refund of a new order": lambda number: _event("Order Refunded", f"o{orders - 1 - number}", total=1),
        "cancellation of an old one": lambda number: _event("Order Cancelled", f"o{number}"),
    }
    count = min(size.of(200, 5), orders // 2)
    events = {}
    for name, make in kinds.items():
        rounds = []
        for _ in range(size.rounds):
            tracker = Tracker(rules, 0, {})
            tracker.restore(_KEY, snapshot)
            tracker.upto = START + SPAN_DAYS * _DAY
            rounds.append(_microseconds(tracker, [make(number) for number in range(count)]))
        events[name] = Spread.over(rounds)
    return Cost(orders, len(snapshot), len(snapshot) / orders, events)


def _worst(orders: int) -> int:
    snapshots: dict[bytes, bytes] = {}
    _feed(
        Tracker(Rulebook(read_policy(_FOREIGN, catalogue)), 0, snapshots),
        _placed(
            orders,
            currency=lambda _: "EUR",
            discount=lambda number: 1000 + number * 7919 % 999_983 / 100,
            coupon=lambda _: "SPRING5",
            total=lambda number: 50_000 + number * 104_729 % 4_999_999 / 100,
        ),
        refund=True,
    )
    return len(snapshots[_KEY])


def _placed(orders: int, **more: Callable[[int], object]) -> Iterator[tuple[int, dict[str, object]]]:
    for number in range(orders):
        at = START + number * SPAN_DAYS * _DAY // orders + number * 7919 % 1_000_000
        said = {"total": 1 + number * 37 % 50_000 / 100, **{name: make(number) for name, make in more.items()}}
        yield at, _event("Order Completed", f"o{number}", **said)


def _event(name: str, order_id: str, **properties: object) -> dict[str, object]:
    return {"type": "track", "event": name, "userId": "w", "properties": {"order_id": order_id, **properties}}


def _feed(tracker: Tracker, events: Iterator[tuple[int, dict[str, object]]], refund: bool = False) -> None:
    records: list[Record] = []
    for at, event in events:
        records.append(_record(len(records), at, event))
        if refund:
            given_back = {"order_id": event["properties"]["order_id"], "total": 1.23}  # type: ignore[index]
            records.append(_record(len(records), at, {**event, "event": "Order Refunded", "properties": given_back}))
        if len(records) >= _BATCH:
            tracker.apply(tracker.compute(Batch(0, 0, records, records[-1].time)))
            records = []
    end = START + SPAN_DAYS * _DAY
    tracker.apply(tracker.compute(Batch(0, 0, records, end)))


def _record(number: int, at: int, event: dict[str, object]) -> Record:
    value = {**event, "messageId": f"m{at}-{number}", "timestamp": to_text(at)}
    return Record("customer.purchases", number, at, _KEY, json.dumps(value).encode())


def _microseconds(tracker: Tracker, events: Sequence[dict[str, object]]) -> float:
    first = START + SPAN_DAYS * _DAY + _HOUR
    records = [_record(number, first + number * 2 * _HOUR, event) for number, event in enumerate(events)]
    began = time.process_time()
    for record in records:
        tracker.apply(tracker.compute(Batch(0, 0, [record], record.time)))
    return (time.process_time() - began) / len(records) * 1e6


def _report(costs: Sequence[Cost], worst: int) -> Report:
    kinds = list(costs[0].events)
    return Report(
        bench="wholesale",
        figures={"worst_bytes": worst, "most_bytes": _MAX_RECORD, "costs": [asdict(it) for it in costs]},
        tables=[
            Table(
                f"A customer with orders of {SPAN_DAYS} days; µs of the processor an event",
                ["orders", "bytes", "bytes an order", *kinds],
                [[it.orders, it.snapshot, it.order_bytes, *(it.events[kind] for kind in kinds)] for it in costs],
            )
        ],
        pictures=[],
    )
