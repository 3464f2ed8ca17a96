"""What events and time change of a customer, and the transitions that are told of it."""

import json
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from bench.peers.flink import events, rules
from bench.peers.flink.customer import DAY, Customer
from bench.peers.flink.rules import Figures

_LADDER, _LADDER_NAME = "tier", "Value tier"
_POLICY_VERSION = "retail@by-hand"


def advance(customer: Customer, user: str, upto: int) -> list[str]:
    """Decide what time alone brings about until an instant, this one included; return the transitions as JSON."""
    told: list[str] = []
    while customer.deadline is not None and customer.deadline <= upto:
        told += _decide(customer, user, customer.deadline, events.NOTHING, None, None)
    return told


def take(customer: Customer, user: str, event: events.Event) -> list[str]:
    """Let an event act on a customer; return the transitions as JSON. Raises ``UnusableError``."""
    name = events.name_of(event)
    if name is None:
        return []
    at = events.instant_of(event)
    identity = events.identity_of(event, name)
    if customer.stage_since is None:
        customer.stage_since = at
    now = max(at, customer.decided_at)
    told = advance(customer, user, now)
    if customer.is_duplicate(identity, at):
        return told
    effect = events.apply(customer, name, event, at)
    return told + _decide(customer, user, now, effect, name, event["messageId"])


def _decide(
    customer: Customer, user: str, at: int, effect: str, event: str | None, message_id: str | None
) -> list[str]:
    it = Figures(customer, at)
    customer.decided_at = at
    rules.decide_loyalty(customer, it)
    changes: list[tuple[str, str | None, str, dict[str, Any]]] = []
    stage, after = customer.stage, rules.stage_of(customer, it, effect)
    if after != stage:
        customer.previous_stage, customer.previous_since = stage, customer.stage_since
        customer.stage, customer.stage_since = after, at
        name = rules.transition_of(stage, after, undone=effect == events.UNDONE)
        grew = rules.SILENT.get(after, 0) > rules.SILENT.get(stage, 0)
        deadline = {"at_risk": "patience", "churned": "churn"}[after] if grew else "loyalty"
        changes.append(("Lifecycle Stage Changed", None, deadline, {"from": stage, "to": after, "transition": name}))
    step, next_step = customer.step, rules.step_of(customer, it)
    if next_step != step:
        customer.step, customer.step_since = next_step, at
        moved = {"from": step or "none", "to": next_step or "none", "direction": _direction(step, next_step)}
        named = {"ladder_key": _LADDER, "ladder_name": _LADDER_NAME}
        changes.append(("Ladder Step Changed", _LADDER, "ladder", {**moved, **named}))
    for key, title in rules.SEGMENTS.items():
        if rules.decide_segment(customer, key, it):
            named = {"audience_key": key, "audience_name": title}
            if key in customer.joined:
                entered = {"from": "out", "to": "in", "member_since": _text(at), "republished": False}
                changes.append(("Audience Entered", key, "audience", {**entered, **named}))
            else:
                changes.append(("Audience Exited", key, "audience", {"from": "in", "to": "out", **named}))
    customer.deadline = rules.deadline_of(customer, it)
    if not changes:
        return []
    cause = "deadline" if event is None else "event"
    figures = _figures(customer, it)
    told = []
    for title, place, deadline, change in changes:
        customer.published += 1
        identity = json.dumps((user, at, place, change["from"], change["to"], cause, message_id))
        caused = {
            "cause": cause,
            "cause_event": event,
            "cause_deadline": deadline if event is None else None,
            "cause_message_id": message_id,
            "seq": customer.published,
        }
        message = {
            "type": "track",
            "event": title,
            "messageId": blake2b(identity.encode(), digest_size=12).hexdigest(),
            "userId": user,
            "timestamp": _text(at),
            "properties": {**caused, **figures, **change},
        }
        told.append(json.dumps(message, separators=(",", ":")))
    return told


def _direction(before: str | None, after: str | None) -> str:
    if before is None:
        return "entered"
    if after is None:
        return "left"
    return "climbed" if rules.STEPS.index(after) < rules.STEPS.index(before) else "fell"


def _figures(customer: Customer, it: Figures) -> dict[str, Any]:
    orders, count = customer.orders, it.orders
    revenue = orders.revenue()
    coming, when = _expected(customer, it)
    gaps = orders.occasions - 1
    shortened = it.patience // 2 if it.is_displeased() else it.patience
    return {
        "why": f"orders {count}; score {it.score}; days_since_order {it.silence / DAY:.4f} of {shortened / DAY:.4f}",
        "policy_version": _POLICY_VERSION,
        "correction": False,
        "retracted": False,
        "corrects": None,
        "revision": 0,
        "stage": customer.stage,
        "orders": count,
        "revenue": revenue / 100,
        "average_order_value": round(revenue / count / 100, 4) if count else None,
        "recency_days": round(it.silence / DAY, 4) if count else None,
        "mean_gap_days": round((orders.begun - orders.first()) / gaps / DAY, 4) if gaps > 0 else None,
        "patience_days": round(shortened / DAY, 4) if count else None,
        "next_transition": coming,
        "next_at": None if coming is None else _text(when),
        "segments": sorted(customer.joined),
        "segment_count": len(customer.joined),
        "previous_stage": customer.previous_stage,
        "previous_stage_since": None if customer.previous_since is None else _text(customer.previous_since),
        "steps": [] if customer.step is None else [f"{_LADDER}:{customer.step}"],
        "holdout": None,
    }


def _expected(customer: Customer, it: Figures) -> tuple[str | None, int]:
    if not it.orders or customer.stage == "churned":
        return None, rules.NEVER
    churn = it.reaches(it.churn)
    risk = rules.NEVER if customer.stage == "at_risk" else it.reaches(it.patience)
    silent = ("at_risk", risk) if risk < churn else ("churned", churn)
    if customer.stage == "loyal" and (lapse := rules.lapse_of(customer, it)) < silent[1]:
        return "loyalty_lapsed", lapse
    return silent


def _text(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % 1000:03d}Z"
