"""Records that hold a list of events: each event as if it had come in a record of its own."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from agents.batch import Record
from schemas.envelope import Event, decode
from schemas.intake import Intake
from schemas.reject import RejectedError


def read_each(
    record: Record, values: Iterable[bytes], intake: Intake
) -> Iterator[tuple[Record, Event | RejectedError]]:
    """Yield the record of each event, with the event or why it cannot be used."""
    for value in values:
        event: Event | RejectedError
        try:
            event = decode(value, record.key, intake)
        except RejectedError as error:
            event = error
        yield replace(record, value=value), event
