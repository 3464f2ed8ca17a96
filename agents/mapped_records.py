"""Records of topics in another shape: the events that a reader finds in one, read like any other."""

from collections.abc import Callable, Sequence

from agents.batch import Record
from schemas.envelope import MAX_NAME, Event, open_envelope, read_event
from schemas.intake import Intake
from schemas.reject import RejectedError

RecordReader = Callable[[Record], Sequence[bytes | RejectedError]]
"""Returns the events in a record as JSON in Segment's shape, or why one cannot be used. It is pure and never raises."""


def read_mapped(record: Record, reader: RecordReader, intake: Intake) -> Sequence[Event | RejectedError]:
    """Return what a record holds. A record that is no event counts as one with an unknown name."""
    found = [_read(it, intake) for it in reader(record)]
    return found or [Event("", None, f"no event: {record.topic}"[:MAX_NAME])]


def _read(value: bytes | RejectedError, intake: Intake) -> Event | RejectedError:
    if isinstance(value, RejectedError):
        return value
    try:
        return read_event(open_envelope(value), value, intake)
    except RejectedError as error:
        return error
