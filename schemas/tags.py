"""Tags: texts about a customer, each perhaps with the date or the instant at which it expires."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec
from msgspec import Raw

from schemas.coercion import MAX_TEXT, NULL, fields_of
from schemas.events import Tags
from schemas.reject import RejectedError
from schemas.typed_values import MisfitError, date_in, instant_in, text_in

_list = msgspec.json.Decoder(list[Raw]).decode


class ReadTags(NamedTuple):
    """Tags by their names, and what was lost: tags that did not fit, ends of long ones, tags beyond the bound."""

    tags: Tags
    has_misfits: bool
    is_cut_short: bool
    is_cut_off: bool


def read_tags(raw: Raw, named: Collection[str], most: int) -> ReadTags | None:
    """Return what a value says of tags; None if it says nothing.

    That are the keys of an object with their expiries, or the texts of a list, or a text alone, which never expire.
    Those ``named`` are neither cut nor left out; of the others, the first ``most`` by name are kept. Raises
    ``MisfitError`` or ``RejectedError`` if it is none of these.
    """
    found: Tags = {}
    misfits = 0
    given = list(_given(raw))
    if bytes(raw)[:1] not in (b"{", b"[") and not given:
        return None
    is_cut_short = False
    for name, expiry in given:
        try:
            whole = text_in(name) if isinstance(name, Raw) else name
            if not whole.strip():
                continue
            until = date_in(expiry, instant_in)
        except (MisfitError, RejectedError, OverflowError):
            misfits += 1
            continue
        is_cut_short = is_cut_short or (len(whole) > MAX_TEXT and whole not in named)
        found[whole if whole in named else whole[:MAX_TEXT]] = until
    others = sorted(it for it in found if it not in named)
    beyond = set(others[most:])
    tags = {it: found[it] for it in sorted(found) if it not in beyond}
    return ReadTags(tags, bool(misfits), is_cut_short, bool(beyond))


def _given(raw: Raw) -> Iterator[tuple[Raw | str, Raw]]:
    content = bytes(raw)
    if content[:1] == b"{":
        yield from fields_of(raw, "tags").items()
    elif content[:1] == b"[":
        yield from ((it, NULL) for it in _list(raw) if bytes(it) != b"null")
    elif text_in(raw).strip():
        yield raw, NULL
