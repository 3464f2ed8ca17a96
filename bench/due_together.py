"""Customers with a deadline at the same time: within one minute, or all at one midnight."""

from pathlib import Path

from bench.population import DAY, HISTORY_DAYS, Original, Population, decided
from schemas.event_types import BROWSING, PURCHASES
from schemas.instant import to_text
from state.rules.rulebook import Rulebook
from streams.policy_file import shipped_policy
from streams.sources import simulated
from streams.sources.source import SourceEvent

PATIENCE_DAYS = 60
WINDOW_DAYS = 7
_HALF_A_DAY = DAY // 2


def within_a_minute(rules: Rulebook, instant: int, originals: int = 600) -> Population:
    """Customers whose one order was two months before the minute that begins at ``instant`` (ms since 1970).

    Under the shipped policy they are at risk at that minute, one after the other.
    """
    orders = []
    for number in range(originals):
        at = instant - PATIENCE_DAYS * DAY + number * 60_000 // originals
        orders.append(_event(at, PURCHASES, b"due-%06d" % number, "Order Completed", '"order_id":"o-1","total":35.5'))
    return _population(rules, instant, orders)


def policy_of_a_week(folder: Path) -> Path:
    """Write the shipped policy with one more segment, left at the midnight a week after the last product view."""
    views = f"views_{WINDOW_DAYS}d"
    segment = f'key = "seen"\nname = "Seen this week"\nenter = "{views} >= 1"\nleave = "{views} == 0"\n'
    path = folder / "week.toml"
    path.write_text(f"{shipped_policy().read_text('utf-8')}\n[[segments]]\n{segment}", "utf-8")
    return path


def at_midnight(rules: Rulebook, midnight: int, originals: int = 300) -> Population:
    """Return customers whose last event was on the same day: all leave the segment "seen" at ``midnight``."""
    seen = midnight - WINDOW_DAYS * DAY + _HALF_A_DAY
    events = simulated.events(originals, HISTORY_DAYS, 1, seen - HISTORY_DAYS * DAY)
    keys = sorted({event.key or b"" for event in events})
    views = [
        _event(seen + number, BROWSING, key, "Product Viewed", '"product_id":"p"') for number, key in enumerate(keys)
    ]
    return _population(rules, midnight, [*events, *views])


def _population(rules: Rulebook, instant: int, events: list[SourceEvent]) -> Population:
    snapshots = decided(rules, events, instant)
    return Population(instant, [Original(key, value, []) for key, value in snapshots.items()])


def _event(at: int, topic: str, key: bytes, name: str, details: str) -> SourceEvent:
    who = key.decode()
    value = (
        f'{{"type":"track","event":"{name}","messageId":"{who}-{at}","userId":"{who}","timestamp":"{to_text(at)}",'
        f'"properties":{{{details}}}}}'
    )
    return SourceEvent(at, topic, key, value.encode())
