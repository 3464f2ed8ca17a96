"""A change as it is published."""

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from tests.reference_model.calendar import write_instant
from tests.reference_model.policy import Policy
from tests.reference_model.standing import Change

Transition = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """A fact (its name and messageId) or a deadline; `again` counts earlier transitions with the same ends."""

    kind: str
    event: str | None = None
    message_id: str | None = None
    again: int = 0


def deadline_of(change: Change) -> str:
    if change.step_times is not None:
        return "signal"
    if change.key is not None:
        return "ladder" if change.direction else "audience"
    return {"at_risk": "patience", "churned": "churn", "loyal": "loyalty"}.get(change.deadline, "stage")


def message_id(owner: str, at: int, change: Change, cause: Cause) -> str:
    content = [owner, at, change.key, change.before, change.after, cause.kind, cause.message_id]
    content += [cause.again] if cause.again else []
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return blake2b(text.encode(), digest_size=12).hexdigest()


def forgotten(policy: Policy, user_id: str, at: int, stage: str, seq: int) -> Transition:
    """What is told of a customer of whom nothing is known any more."""
    change = Change(None, "forgotten", stage, "forgotten", "")
    owner = f"account {user_id}" if policy.of_accounts else user_id
    return {
        "type": "track",
        "event": "Customer Forgotten",
        "messageId": message_id(owner, at, change, Cause("deadline")),
        "userId": user_id,
        "timestamp": write_instant(at),
        "properties": {
            "reason": "retention",
            "seq": seq,
            "policy_version": f"{policy.name}@",
            "correction": False,
            "retracted": False,
            "corrects": None,
            "revision": 0,
        },
        **({"context": {"groupId": user_id}} if policy.of_accounts else {}),
    }


def publish(
    policy: Policy, user_id: str, at: int, change: Change, cause: Cause, seq: int, figures: dict[str, Any]
) -> Transition:
    """The value that a topic would carry; the policy's version only by its name."""
    event = "Lifecycle Stage Changed"
    content: dict[str, Any] = {"transition": change.name}
    if change.direction:
        event = "Ladder Step Changed"
        content = {"ladder_key": str(change.key), "ladder_name": change.name, "direction": change.direction}
    elif change.key is not None:
        event = "Audience Entered" if change.after == "in" else "Audience Exited"
        content = {"audience_key": change.key, "audience_name": change.name}
        if change.after == "in":
            content["member_since"] = write_instant(figures["member_since"])
            content["republished"] = change.before == "in"
    ends: dict[str, Any] = {"from": change.before, "to": change.after}
    if change.step_times is not None:
        event, ends = "Signal Occurred", {"occasion": change.before or None, "step_times": change.step_times}
        content = {"signal_key": str(change.key), "signal_name": change.name}
    next_at = figures["next_at"]
    figures = {name: each for name, each in figures.items() if name != "member_since"}
    return {
        "type": "track",
        "event": event,
        "messageId": message_id(f"account {user_id}" if policy.of_accounts else user_id, at, change, cause),
        "userId": user_id,
        "timestamp": write_instant(at),
        "properties": {
            **content,
            **ends,
            "why": change.why,
            "cause": cause.kind,
            "cause_event": cause.event,
            "cause_deadline": deadline_of(change) if cause.kind == "deadline" else None,
            "cause_message_id": cause.message_id,
            "seq": seq,
            "policy_version": f"{policy.name}@",
            "correction": False,
            "retracted": False,
            "corrects": None,
            "revision": 0,
            **figures,
            "next_at": None if next_at is None else write_instant(next_at),
        },
        **({"context": {"groupId": user_id}} if policy.of_accounts else {}),
    }
