"""The legend of the page: what the policy calls its stages, segments, steps and signals, and how a stage looks."""

from typing import Any

from state.customer.customer import EXCLUDED
from state.policy.compiled import CompiledPolicy

# The looks of style.css, by number: the six stages that ship have one each, others take what is left.
_SHIPPED = {"prospect": 0, "new": 1, "repeat": 2, "loyal": 3, "at_risk": 4, "churned": 5}
_OTHERS = (6, 7, 1, 2, 3, 4, 5)
_EXCLUDED_LOOK = 8


def legend_of(compiled: CompiledPolicy, version: str, *, stream_clock: bool) -> dict[str, Any]:
    """Return the legend as JSON; ``stream_clock``: now is as late as the stream is."""
    policy = compiled.policy
    return {
        "policy": version,
        "subject": policy.subject,
        "zone": policy.time.zone,
        "currency": policy.money.currency,
        "dayMs": compiled.day_ms,
        "clock": "stream" if stream_clock else "wall",
        "stages": _stages(compiled),
        "segments": [_named(it.key, it.name, it.description) for it in policy.segments],
        "ladders": [
            {
                "key": ladder.key,
                "name": ladder.name,
                "steps": [_named(it.key, it.name, it.description) for it in ladder.steps],
            }
            for ladder in policy.ladders
        ],
        "signals": [_named(it.key, it.name, it.description) for it in policy.signals],
    }


def _stages(compiled: CompiledPolicy) -> list[dict[str, Any]]:
    """Return the stages in the order of the picture, from the one in which everybody begins."""
    keys = [it.key for it in reversed(compiled.stages)]
    if set(keys) <= _SHIPPED.keys():
        keys.sort(key=[*_SHIPPED].index)
    looks = _looks(keys)
    if compiled.policy.customers.excluded.strip():
        looks[EXCLUDED] = _EXCLUDED_LOOK
    entered = {it.key: it.entered for it in compiled.stages}
    return [
        {"key": key, "name": key.replace("_", " "), "look": look, "entered": entered.get(key, key)}
        for key, look in looks.items()
    ]


def _looks(keys: list[str]) -> dict[str, int]:
    taken = {_SHIPPED[it] for it in keys if it in _SHIPPED}
    free = [it for it in _OTHERS if it not in taken] or [*_OTHERS]
    if 0 not in taken and keys:
        free.insert(0, 0)
    others = [it for it in keys if it not in _SHIPPED]
    given = {key: free[number % len(free)] for number, key in enumerate(others)}
    return {key: _SHIPPED.get(key, given.get(key, 0)) for key in keys}


def _named(key: str, name: str, description: str | None) -> dict[str, str]:
    return {"key": key, "name": name, "description": (description or "").strip()}
