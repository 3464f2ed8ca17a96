"""The names of events, however they are spelled: which event a name means, and which one it may mean."""

from collections.abc import Mapping
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from schemas.coercion import MAX_TEXT
from schemas.event_types import EVENT_TYPES, REPUBLISH_REQUEST, EventType, counted_type
from schemas.spellings import LIKE, SPELLINGS, folded


def spelled(kind: str, event: str | None) -> EventType | None:
    """Return the type of an event by its ``type`` and ``event``, however they are spelled; None for an unknown one."""
    name = _name_sent(kind, event)
    return None if name is None else _named(name)


def event_key(name: str) -> str:
    """Return what all spellings of an event's name have in common."""
    known = _named(name)
    return folded(name if known is None else known.name)


def counted(kind: str, event: str | None, names: Mapping[str, str]) -> EventType | None:
    """Return the type of an event that lifestage does not know but the policy counts, by its ``names``; else None."""
    name = _name_sent(kind, event)
    found = None if name is None else names.get(folded(name))
    return None if found is None else counted_type(found)


def why_uncountable(name: str) -> str | None:
    """Return why no condition and no signal can name an event so, in a sentence; None if they can."""
    key = event_key(name)
    if not key or len(name) > MAX_TEXT:
        return f"a name has letters or digits, and at most {MAX_TEXT} characters"
    if key == folded(REPUBLISH_REQUEST.name):
        return "it asks lifestage to tell something again, and says nothing of a customer"
    return None


def track_name(name: str) -> str | None:
    """Return the name in the table of a track's ``event``, however it is spelled; None for an unknown one."""
    found = EVENT_TYPES.get(name) or spelled("track", name)
    return None if found is None else found.name


def _name_sent(kind: str, event: str | None) -> str | None:
    """Return the name of an event by its ``type`` and ``event``; None for one that is too long for any."""
    is_track = kind == "track" or folded(kind) in ("", "track")
    name = event or "" if is_track else kind
    return name if len(name) <= MAX_TEXT else None


@lru_cache(maxsize=1024)  # a producer's unknown names come again and again
def _named(name: str) -> EventType | None:
    return _BY_SPELLING.get(folded(name))


_BY_SPELLING = {
    folded(spelling): it
    for it in (*EVENT_TYPES.values(), REPUBLISH_REQUEST)
    for spelling in (it.name, *SPELLINGS.get(it.name, ()))
}
_BY_LIKENESS = {folded(other): name for name, others in LIKE.items() for other in others}
_LEAST_CONTAINED = 8
_LEAST_ALIKE = 0.87
_MAX_OTHER_LETTERS = 3
"""Letters that only one of two names has; with more, ``Support Ticket Updated`` would be close to a rated one."""


@lru_cache(maxsize=1024)
def nearest_name(name: str) -> str | None:
    """Return the known name that an unknown one may mean, for people; None if none is near.

    It is that of the event that another system calls so, or the longest known name in it, or one with nearly the same
    letters.
    """
    plain = folded(name[:MAX_TEXT])
    if plain in _BY_LIKENESS:
        return _BY_LIKENESS[plain]
    contained = [known for known in _BY_SPELLING if len(known) >= _LEAST_CONTAINED and known in plain]
    if contained:
        return _BY_SPELLING[max(contained, key=len)].name
    for known in get_close_matches(plain, _BY_SPELLING, 1, _LEAST_ALIKE):
        letters = len(plain) + len(known)
        if round(letters * (1 - SequenceMatcher(None, known, plain).ratio())) <= _MAX_OTHER_LETTERS:
            return _BY_SPELLING[known].name
    return None
