"""The events of a record: one as a rule, several in a list of events or in a topic of another shape."""

from collections.abc import Callable, Sequence

import msgspec

from agents.batch import Record
from schemas.envelope import MAX_NAME, Event, decode, open_envelope, read_event
from schemas.intake import Intake
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError

RecordReader = Callable[[Record], Sequence[bytes | RejectedError]]
"""Returns the events in a record as JSON in Segment's shape, or why one cannot be used. It is pure and never raises."""

Read = tuple[Record, Event | RejectedError]
"""An event, or why there is none, and the record that a reject of it is about."""


def events_of(record: Record, mapped: Sequence[bytes | RejectedError] | None, intake: Intake) -> Sequence[Read]:
    """Return what a record holds, at least one; ``mapped`` is what the reader of a topic in another shape found in it.

    Each event of a list is about a record of its own with that event's value, in the same place.
    """
    if mapped is not None:
        found = [_of_another_shape(it, intake) for it in mapped]
        # A record of which the mapping makes no event counts as one with an unknown name.
        return [(record, it) for it in found or [Event("", None, f"no event: {record.topic}"[:MAX_NAME])]]
    try:
        return ((record, decode(record.value, record.key, intake)),)
    except SeveralEventsError as several:
        parts = [msgspec.structs.replace(record, value=value) for value in several.events]
        return [(part, _of_a_list(part, number, intake)) for number, part in enumerate(parts, start=1)]
    except RejectedError as error:
        return ((record, error),)


def _of_a_list(part: Record, number: int, intake: Intake) -> Event | RejectedError:
    try:
        return decode(part.value, part.key, intake)
    except RejectedError as error:
        return error.within(f"event {number} of its record")


def _of_another_shape(value: bytes | RejectedError, intake: Intake) -> Event | RejectedError:
    if isinstance(value, RejectedError):
        return value
    try:
        return read_event(open_envelope(value), value, intake)
    except RejectedError as error:
        return error
