"""Records of one event: which of them counts, and what is told when another says something else.

Two records are of one event if they have the same identity (see ``schemas.fact_order``). In their order, the first
counts, and so does each that lies more than the allowed lateness after the last one that counts. The others are
duplicates, or conflicts: the first of each other content.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import asdict

from schemas.events import AnyFact, event_name
from schemas.fact_order import EventIdentity, identity_of, in_order, said
from schemas.instant import to_text


class Conflict(NamedTuple):
    """A record (``fact``) that says something else than ``other``, of the same event; ``counts``: it is the first."""

    fact: AnyFact
    other: AnyFact
    counts: bool = False

    def detail(self) -> str:
        """Return what is in conflict, for people."""
        one, other = asdict(self.fact), asdict(self.other)
        differing = " and ".join(name for name in one if name not in ("at", "message_id") and one[name] != other[name])
        verdict = "this one is the first and counts in its place" if self.counts else "that one is the first and counts"
        return (
            f"the same {event_name(self.fact)} under this messageId has another {differing or 'content'},"
            f" at {to_text(self.other.at)}: {verdict}; send each event under a messageId of its own"
        )


class Distinct(NamedTuple):
    """The facts that count, in order; the others that are duplicates, and those that are in conflict."""

    facts: list[AnyFact]
    duplicates: list[AnyFact]
    conflicts: list[Conflict]


def groups(records: Iterable[AnyFact], lateness: int) -> list[list[AnyFact]]:
    """Return the records of one identity by the record that counts, which comes first in its group."""
    found: list[list[AnyFact]] = []
    for fact in records:
        if found and fact.at - found[-1][0].at <= lateness:
            found[-1].append(fact)
        else:
            found.append([fact])
    return found


def distinct(ordered: list[AnyFact], lateness: int) -> Distinct:
    """Return which of a customer's facts, given in order, count."""
    repeated = {it for it, count in Counter(map(_message_id, ordered)).items() if count > 1}
    if not repeated:
        return Distinct(ordered, [], [])
    counting: list[AnyFact] = []
    records: defaultdict[EventIdentity, list[AnyFact]] = defaultdict(list)
    for fact in ordered:
        if fact.message_id in repeated:
            records[identity_of(fact)].append(fact)
        else:
            counting.append(fact)
    duplicates: list[AnyFact] = []
    conflicts: list[Conflict] = []
    for same in records.values():
        for group in groups(same, lateness):
            counting.append(group[0])
            told = _conflicts(group)
            conflicts += told
            duplicates += [fact for fact in group[1:] if not any(fact is it.fact for it in told)]
    return Distinct(in_order(counting), duplicates, conflicts)


def _conflicts(group: Sequence[AnyFact]) -> list[Conflict]:
    if len(group) == 1:
        return []
    first_of = {said(fact): fact for fact in reversed(group)}
    del first_of[said(group[0])]
    return [Conflict(fact, group[0]) for fact in in_order(first_of.values())]


_message_id = attrgetter("message_id")
