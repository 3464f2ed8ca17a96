"""Snapshots as the present code writes them, with what it makes of them, for the versions to come.

``python -m tests.unit.state.timeline.recorder > tests/unit/state/timeline/recorded/version_N.json``, in a tree of that
version. Nothing is recorded anew once a newer version is there. With ``--in-order``, no event comes late afterwards: a
customer whose policy has another fingerprint today accepts none.
"""

import base64
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

from agents.batch import Record
from schemas.instant import to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import VERSION, read_header
from tests.support.histories import POLICIES
from tests.topology.driver import Driver

DAY = 86_400_000
START = 1_600_000_000_000
FIGURES = ("orders", "revenue", "mean_gap_days", "next_at", "steps", "previous_stage", "retracted")
OTHERS = {
    "abroad": """
name = "abroad"
[money.rates]
EUR = 1.08
[lifecycle.loyal]
enter = "orders >= 4 and revenue >= 100"
leave = "orders < 3"
[[segments]]
key = "spender"
name = "Spender"
enter = "revenue_90d >= 80"
leave = "revenue_90d < 60"
"""
}
Batches = list[tuple[int, dict[str, Any] | None]]
"""Instants up to which time passes, and the event that arrives there, if one does."""


def events(dice: random.Random, count: int, step: float) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield events of a customer and their instants, about so many days apart."""
    at = START + dice.randrange(DAY)
    placed: list[str] = []
    for number in range(count):
        at += dice.choice((0, 60_000, int(dice.random() * 2 * step * DAY), int(dice.random() * 2 * step * DAY)))
        kind, event, properties = _said(dice, placed, number)
        if dice.random() < 0.1:
            properties["context"] = {"traits": {"country": dice.choice(("DE", "FR"))}}
        context = properties.pop("context", {})
        yield (
            at,
            {
                "type": kind,
                "event": event,
                "messageId": f"m{number}" if dice.random() < 0.95 else f"m{max(0, number - 1)}",
                "timestamp": to_text(at),
                **({"context": context} if context else {}),
                "traits" if kind == "identify" else "properties": properties,
            },
        )


def _said(dice: random.Random, placed: list[str], number: int) -> tuple[str, str, dict[str, Any]]:
    drawn = dice.random()
    if drawn < 0.35 or not placed:
        placed.append(f"o{number}")
        return "track", "Order Completed", _order(dice, placed[-1])
    known = dice.choice(placed[-4:])
    if drawn < 0.48:
        return dice.choice(
            (
                ("track", "Order Completed", _order(dice, known)),
                ("track", "Order Updated", _order(dice, known)),
                ("track", "Order Refunded", {"order_id": known, "total": 5.5}),
                ("track", "Order Refunded", {"order_id": known, "total": 3.0, "currency": "EUR"}),
                ("track", "Order Refunded", {"order_id": known}),
                ("track", "Order Cancelled", {"order_id": known}),
            )
        )
    if drawn < 0.72:
        browsed = ("Product Viewed", "Product Viewed", "Products Searched", "Product Added", "Coupon Applied")
        return (
            "track",
            dice.choice(browsed),
            {"brand": dice.choice(("Acme", "Bolt")), "channel": dice.choice(("app", "web"))},
        )
    if drawn < 0.76:
        return "page", "", {"path": "/"}
    if drawn < 0.8:
        return "track", "Referral Sent", {"channel": "app", "margin": 1.5}
    if drawn < 0.9:
        ticket = {"ticket_id": f"t{dice.randrange(2)}"}
        names = ("Support Ticket Opened", "Support Ticket Solved", "Support Ticket Rated")
        name = dice.choice(names)
        return "track", name, ticket | ({"rating": dice.randint(1, 5)} if name == names[2] else {})
    traits: dict[str, Any] = {
        "country": dice.choice(("DE", "FR", None)),
        "born_on": "1990-10-02",
        "renewal_at": to_text(START + dice.randrange(90) * DAY),
        "interests": ["sport", "tea"],
        "labels": {"trial": "2020-10-24", "invited": None},
        "timezone": dice.choice(("America/New_York", "Asia/Tokyo")),
        "kind": dice.choice(("business", "private", "internal")),
    }
    return "identify", "", {name: traits[name] for name in dice.sample(sorted(traits), 3)}


def _order(dice: random.Random, order_id: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "order_id": order_id,
        "total": dice.choice((9.99, 25, 60)),
        "products": [{"category": dice.choice(("shoes", "tea")), "quantity": dice.randint(1, 3)}],
        "channel": dice.choice(("app", "web")),
        "margin": dice.choice((2.5, -1)),
        "brands": dice.choice((["Acme", "Bolt"], ["Coil"])),
        "brand": dice.choice(("Acme", "Bolt", "Coil")),
    }
    if dice.random() < 0.3:
        properties |= {"coupon": "TEN", "discount": 1.5}
    if dice.random() < 0.2:
        properties["currency"] = "EUR"
    return properties


def fed(driver: Driver, user_id: str, batches: Batches) -> None:
    """Feed a customer's batches."""
    for offset, (at, event) in enumerate(batches):
        value = None if event is None else json.dumps(event | {"userId": user_id}).encode()
        records = [] if value is None else [Record("customer.purchases", offset, at, user_id.encode(), value)]
        driver.feed(records, at)


def known(driver: Driver, user_id: str) -> dict[str, Any]:
    """Return what is compared of a customer who is read from a snapshot."""
    header = read_header(driver.snapshots[user_id.encode()])
    timeline = driver.tracker.timeline(user_id.encode())
    assert timeline is not None
    head = timeline.head
    assert (header.stage, header.due) == (head.stage, head.due)
    return {
        "stage": head.stage,
        "due": head.due,
        "segments": sorted(head.memberships),
        "expected": head.expected,
        "seq": timeline.seq,
        "closed_before": timeline.closed_before,
        "tail": [it.message_id for it in timeline.tail.facts],
        "emitted": [it.change.identity(user_id) for it in timeline.emitted],
        "traits": head.traits,
        "orders": head.purchases.count(),
        "revenue": head.purchases.revenue(),
        "items": head.purchases.item_count(),
        "orders_since": head.purchases.orders_since(START // DAY),
        "categories": head.purchases.categories(),
        "last_visit": head.engagement.last_visit,
        "last_rating": head.support.last_rating,
        "rated_at": head.support.rated_at if head.support.last_rating else None,
        "open": head.support.open,
    }


def told(driver: Driver) -> list[dict[str, Any]]:
    """Return what is compared of the transitions."""
    return [
        {"messageId": it["messageId"], "event": it["event"], "seq": it["properties"]["seq"]}
        | {name: value for name in FIGURES if (value := it["properties"].get(name)) is not None}
        for it in driver.transitions
    ]


def case(policy: str, number: int, counts: tuple[int, int], step: float, quiet: int, in_order: bool) -> dict[str, Any]:
    """Return one customer: a snapshot after the first events, and what follows from the others."""
    dice = random.Random(f"{policy} {number}")
    rules = Rulebook(read_policy((POLICIES | OTHERS)[policy], catalogue))
    lateness = rules.compiled.lateness_ms
    before, after = counts
    drawn = list(events(dice, before + after, step))
    batches: list[tuple[int, int, dict[str, Any] | None]] = []
    upto = drawn[before - 1][0]
    for place, (at, event) in enumerate(drawn):
        late = dice.randrange(lateness) if dice.random() < 0.25 else 0
        shifted = at if place < before else at + quiet * DAY + 60_000
        if place < before:
            arrives = min(at + late, upto)
        else:
            arrives = shifted if in_order else shifted + late
            event["timestamp"] = to_text(shifted)
        if in_order:  # which records are one event, and what is read of them, was another rule
            event["messageId"] = f"m{place}"
            event.pop("context", None)
        batches.append((arrives, place, event))
    upto += quiet * DAY
    user_id = f"{policy}-{number}"
    driver = Driver(rules)
    fed(
        driver,
        user_id,
        [(at, event) for at, _, event in sorted(batches[:before], key=lambda it: it[:2])] + [(upto, None)],
    )
    snapshot = driver.snapshots[user_id.encode()]
    recorded = {
        "userId": user_id,
        "policy": policy,
        "fingerprint": rules.fingerprint.hex(),
        "upto": upto,
        "snapshot": base64.b64encode(snapshot).decode(),
        "customer": known(driver, user_id),
    }
    follow = [(at, event) for at, _, event in sorted(batches[before:], key=lambda it: it[:2])]
    follow += [(max(upto, *(at for at, _ in follow)) + days * DAY, None) for days in (15, 60)]
    driver.transitions.clear()
    fed(driver, user_id, follow)
    return recorded | {"after": follow, "transitions": told(driver)}


def cases(in_order: bool) -> Iterator[dict[str, Any]]:
    """Yield customers under every policy: some have been quiet, some are in the midst of it, one has bought a lot."""
    for policy in sorted(POLICIES | OTHERS):
        yield case(policy, 0, (16, 4), 3, 30, in_order)
        yield case(policy, 1, (14, 6), 1.5, 0, in_order)
    yield case("fixed", 2, (3, 6), 0.5, 0, in_order)
    yield case("abroad", 3, (900, 8), 0.8, 20, in_order)


if __name__ == "__main__":
    lines = [json.dumps(it, ensure_ascii=False, separators=(",", ":")) for it in cases("--in-order" in sys.argv)]
    policies = json.dumps(POLICIES | OTHERS, indent=0)
    print(f'{{"version": {VERSION}, "policies": {policies}, "customers": [\n' + ",\n".join(lines) + "\n]}")
