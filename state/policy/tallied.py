"""What conditions ask to be tallied, and the fields of events that are read for it."""

from collections.abc import Iterable, Mapping

from schemas.event_fields import Field
from state.conditions.features import Feature
from state.customer.tallies import TallyOf
from state.customer.tallying import events_tallied


def tallied_for(features: Iterable[Feature]) -> tuple[TallyOf, ...]:
    """Return what is tallied for features, each with its longest window."""
    tallied: dict[int, TallyOf] = {}
    for feature in features:
        if (of := feature.tallies) is not None:
            known = tallied.setdefault(of.key, of)
            tallied[of.key] = known._replace(window_days=max(known.window_days, feature.window or 0))
    return tuple(tallied.values())


def fields_tallied(
    tallied: Iterable[TallyOf], fields: Mapping[str, Field], texts: frozenset[str]
) -> dict[str, dict[str, Field]]:
    """Return the fields that are read for tallies, by event; conditions look for ``texts`` in lists."""
    read: dict[str, dict[str, Field]] = {}
    for of in tallied:
        for event in events_tallied(of):
            read.setdefault(event, {})[of.field] = fields[of.field]._replace(texts=texts)
    return read
