"""Account records: what a record says of accounts, each event as that of the account that it names."""

from collections.abc import Iterator

from agents.batch import Record
from agents.record_events import RecordReader
from schemas.account_events import account_event
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError

AccountRecord = tuple[bytes, bytes, int]
"""The account's id in UTF-8, its event, and the time of the record that it came in (ms since 1970)."""


def account_records(record: Record, reader: RecordReader | None) -> Iterator[AccountRecord]:
    """Yield the account events in a record; ``reader`` is that of a topic in another shape.

    What names no account, or cannot be read, says nothing of accounts: the customers' rejects tell what cannot be read.
    """
    values = [record.value] if reader is None else [it for it in reader(record) if isinstance(it, bytes)]
    for value in values:
        try:
            if value is not None:
                yield _keyed(value, record.time)
        except SeveralEventsError as several:
            yield from _each(several.events, record.time)
        except RejectedError:
            continue


def _each(values: list[bytes], time: int) -> Iterator[AccountRecord]:
    for value in values:
        try:
            yield _keyed(value, time)
        except RejectedError:
            continue


def _keyed(value: bytes, time: int) -> AccountRecord:
    account, event = account_event(value)
    return account.encode(), event, time
