"""A sample of events beside a policy: the names that the policy reads, and that nothing in the sample has."""

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from schemas.account_events import account_event
from schemas.coercion import fields_of
from schemas.envelope import open_envelope, read_event
from schemas.event_fields import Field
from schemas.event_properties import number_in
from schemas.events import OrderUpdated, TraitsIdentified, event_name
from schemas.intake import Intake
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError
from state.conditions.nodes import traits_of
from state.policy.compiled import CompiledPolicy
from streams.sources.event_lines import event_lines
from streams.sources.named import is_own, open_source

_MOST_NAMES = 1000
"""So many names of properties are remembered of each event: some producers make one for every customer."""
_MOST_LISTED = 5
_MISFIT = re.compile(r"traits\.(\w+) is no (.*)", re.DOTALL)


class EventsSample:
    """What is named in a sample: events, the properties of those that a policy reads, and traits.

    ``names`` are those of usable events, known ones in the spelling of the table, with how often they came.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.names: Counter[str] = Counter()
        self.unusable = 0
        self.first_refused = ""
        self._given: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._found: defaultdict[str, set[str]] = defaultdict(set)
        self._numbers: defaultdict[str, set[str]] = defaultdict(set)
        self._lists: defaultdict[str, set[str]] = defaultdict(set)
        self._traits: set[str] = set()
        self._misfits: dict[str, str] = {}

    def read(self, values: Iterable[bytes]) -> None:
        """Read events; what is none is counted."""
        for value in values:
            if not value.strip():
                continue
            try:
                self._read(account_event(value)[1] if self._intake.of_accounts else value)
            except SeveralEventsError as several:
                self.read(several.events)
            except RejectedError as error:
                self.unusable += 1
                self.first_refused = self.first_refused or str(error)

    def _read(self, value: bytes) -> None:
        envelope = open_envelope(value)
        event = read_event(envelope, value, self._intake)
        fact = event.fact
        if fact is None:
            self.names[event.unknown_name or ""] += 1
            return
        name = event_name(fact)
        self.names[name] += 1
        self._traits.update(fact.context_traits or ())
        if isinstance(fact, TraitsIdentified):
            self._traits.update(fact.traits)
        self._misfits.update((it[1], it[2]) for bound in event.bounds if (it := _MISFIT.fullmatch(bound)))
        if name in self._intake.named.properties:
            given, fields = self._given[name], fields_of(envelope.properties, "properties")
            if len(given) < _MOST_NAMES:
                given.update(dict.fromkeys(fields))
                self._lists[name].update(it for it, value in fields.items() if bytes(value)[:1] == b"[")
            found = fact.properties or {}
            self._found[name].update(found)
            self._numbers[name].update(it for it, value in found.items() if number_in(value) is not None)

    def missing(self, compiled: CompiledPolicy) -> Iterator[str]:
        """Yield what a policy names and nothing in the sample has, each with the nearest name that is there."""
        for name in sorted(set(compiled.events)):
            if not self.names[name]:
                yield f"no event in the sample is `{name}`. {_nearest(name, self.names)}"
        for event, fields in sorted(compiled.named.properties.items()):
            if self.names[event] and event != OrderUpdated.name:  # what it says is read as that of the order
                yield from self._missing_fields(event, fields)
        for name, kind in sorted(self._misfits.items()):
            if name not in self._traits:
                yield f"the trait `{name}` is said in the sample, but never as a {kind}, which [traits] declares"
        read = frozenset[str]().union(*(traits_of(it.tree) for it in compiled.conditions))
        for name in sorted(read.union(*(it.traits for it in compiled.measures)) - self._traits - self._misfits.keys()):
            yield f"nothing in the sample says the trait `{name}`. {_nearest(name, self._traits)}"

    def _missing_fields(self, event: str, fields: Mapping[str, Field]) -> Iterator[str]:
        for name, field in sorted(fields.items()):
            if name not in self._found[event]:
                told = f"no `{event}` in the sample has a usable `{name}`"
                if name in self._lists[event]:
                    yield f'{told}, but lists. declare it in [context], as in {name} = ["properties.{name}[]"]'
                elif name in self._given[event]:
                    yield f"{told}: it is never a text, a number or a flag"
                else:
                    yield f"{told}. {_nearest(name, self._given[event])}"
            elif field.is_added_up and name not in self._numbers[event]:
                yield f"no `{event}` in the sample has a number as its `{name}`"


def _nearest(name: str, names: Iterable[str]) -> str:
    there = [it for it in names if it]
    plain = {it.lower().replace("_", " "): it for it in there}
    near = difflib.get_close_matches(name.lower().replace("_", " "), plain, 1, 0.6)
    if near:
        return f"did you mean `{plain[near[0]]}`?"
    listed = ", ".join(f"`{it}`" for it in there[:_MOST_LISTED])
    more = ", ..." if len(there) > _MOST_LISTED else ""
    return f"there are {listed}{more}" if there else "there are none at all"


def sample_values(sample: str) -> Iterator[bytes]:
    """Return the values of the events of a sample: a file, or one of the sources that lifestage has itself.

    Raises ``SourceError`` as they are read.
    """
    if is_own(sample):
        return (it.value for it in open_source(sample).events)
    return (value for _, value in event_lines(sample))
