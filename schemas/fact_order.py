"""The order of a customer's facts, and which of them are records of one event.

Both depend on what the facts say alone, so that neither the order of arrival nor the order in a file matters.
"""

import json
from collections.abc import Callable, Iterable
from itertools import islice
from operator import attrgetter, eq

from msgspec import to_builtins
from msgspec.structs import asdict

from schemas.events import AnyFact, event_name

EventIdentity = tuple[str, str, str]
"""What makes two records one event: the messageId, the event's name, and the id of the order or ticket, or empty."""

_instant: Callable[[AnyFact], int] = attrgetter("at")
place: Callable[[AnyFact], tuple[int, int, str]] = attrgetter("at", "rank", "message_id")
"""The sort key of facts, but for facts that differ only in what they say."""


def in_order(facts: Iterable[AnyFact]) -> list[AnyFact]:
    """Return facts in order: by instant, rank, messageId, and what they say."""
    ordered = sorted(facts, key=_instant)
    at = None
    for fact in ordered:
        if fact.at == at:
            break
        at = fact.at
    else:
        return ordered  # nearly always: what is finer costs more
    ordered.sort(key=place)
    keys = list(map(place, ordered))
    if any(map(eq, keys, islice(keys, 1, None))):
        ordered.sort(key=_whole_place)
    return ordered


def said(fact: AnyFact) -> str:
    """Return what a fact says, but for its instant and its messageId, as one text."""
    content = asdict(fact)
    del content["at"], content["message_id"]
    content.pop("event", None)
    traits, properties = content.pop("context_traits"), content.pop("properties")
    besides = [traits or None, properties] if properties else [traits] if traits else []
    whole = [event_name(fact), *content.values(), *besides]
    return json.dumps(whole, separators=(",", ":"), sort_keys=True, ensure_ascii=False, default=to_builtins)


def identity_of(fact: AnyFact) -> EventIdentity:
    """Return what the other records of the same event share with this one."""
    return fact.message_id, event_name(fact), getattr(fact, "order_id", "") or getattr(fact, "ticket_id", "")


def _whole_place(fact: AnyFact) -> tuple[int, int, str, str]:
    return fact.at, fact.rank, fact.message_id, said(fact)
