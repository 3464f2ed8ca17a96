"""The future as JSON: who will change if nothing happens, and what would change a customer."""

from collections import Counter, defaultdict
from typing import Any

from schemas import instant
from schemas.change import Change
from state.conditions.criteria import Criterion
from state.timeline.outlook import LadderOutlook, NextChange, Outlook
from streams.serve.history.questions import date_text
from streams.serve.history.survey import Found

Json = dict[str, Any]

FORECAST_DAYS = 30


def forecast(found: Found, today: int) -> Json:
    """Return the changes that come within 30 days, today the first; who is overdue counts as today."""
    by_day: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    for (day, change, stage), count in found.expected.items():
        by_day[max(day, today)][change, stage] += count
    days = range(today, today + FORECAST_DAYS)
    return {
        "computedAt": instant.to_text(found.at),
        "customers": found.customers,
        "tomorrow": _changes(by_day[today + 1]),
        "days": [{"date": date_text(day), "changes": _changes(by_day[day])} for day in days],
    }


def outlook_told(customer: str, at: int, outlook: Outlook) -> Json:
    """Return an outlook of a customer at an instant (ms since 1970)."""
    return {
        "userId": customer,
        "asOf": instant.to_text(at),
        "next": None if outlook.next is None else _next(outlook.next),
        "segments": [
            {"key": it.key, "member": it.member, "conditions": _criteria(it.conditions)} for it in outlook.segments
        ],
        "ladders": [*map(_ladder, outlook.ladders)],
    }


def _changes(changes: Counter[tuple[str, str]]) -> list[Json]:
    return [{"change": change, "from": stage, "count": count} for (change, stage), count in sorted(changes.items())]


def _next(change: NextChange) -> Json:
    return {"change": _named(change.change), "at": instant.to_text(change.at), "why": change.why}


def _named(change: Change) -> str:
    if change.key is None or change.is_signal:
        return change.name
    if change.direction:
        return f"{change.name}: {change.from_} to {change.to}"
    return f"{'joins' if change.to == 'in' else 'leaves'} {change.name}"


def _ladder(it: LadderOutlook) -> Json:
    ahead = None if it.next is None else {"step": it.next.step, "conditions": _criteria(it.next.conditions)}
    return {"key": it.key, "step": it.step, "since": instant.when(it.since), "next": ahead}


def _criteria(criteria: list[Criterion]) -> list[Json]:
    return [{"text": it.text, "value": it.value, "limit": it.limit, "holds": it.holds} for it in criteria]
