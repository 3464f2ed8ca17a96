"""Laws that hold for every source."""

from collections.abc import Sequence
from itertools import pairwise

from schemas.envelope import decode
from schemas.events import AnyFact
from schemas.intake import Intake
from schemas.money import Exchange
from streams.sources.source import SourceEvent

DOLLARS = Intake(Exchange("USD", 1_000_000, {}))


def facts(events: Sequence[SourceEvent]) -> list[AnyFact | None]:
    """Every event is accepted by the processor's own decoder."""
    return [decode(event.value, event.key, DOLLARS).fact for event in events]


def check(events: Sequence[SourceEvent]) -> list[AnyFact]:
    """Sorted, decodable, known to the rules, at the instant they say, under a messageId of their own."""
    assert all(earlier.instant <= later.instant for earlier, later in pairwise(events))
    decoded = facts(events)
    known = [fact for fact in decoded if fact is not None]
    assert len(known) == len(decoded)
    assert [fact.at for fact in known] == [event.instant for event in events]
    assert len({fact.message_id for fact in known}) == len(known)
    return known
