"""Records of one event: which of them counts, and what is told when another says something else.

Two records are of one event if they have the same identity (see ``schemas.fact_order``). In their order, the first
counts, and so does each that lies more than the allowed lateness after the last one that counts. The others are
duplicates, or conflicts: the first of each other content.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
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
        names = [name for name in one if name != "at" and repr(one[name]) != repr(other[name])]  # 1 and true differ
        differing = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names).replace("_", " ")
        verdict = "this one is the first and counts in its place" if self.counts else "that one is the first and counts"
        return (
            f"another {event_name(self.fact)} with this messageId, of {to_text(self.other.at)}, differs in {differing}:"
            f" {verdict}; send each event under a messageId of its own"
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
        for first, *others in groups(same, lateness):
            counting.append(first)
            heard = {said(first)}
            for fact in others:
                if said(fact) in heard:
                    duplicates.append(fact)
                else:
                    heard.add(said(fact))
                    conflicts.append(Conflict(fact, first))
    return Distinct(in_order(counting), duplicates, conflicts)


_message_id = attrgetter("message_id")
