"""Account records: what a record says of accounts, each event as that of the account that it names."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from agents.batch import Record
from schemas.account_events import UnusableAccountError, account_event
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError

AccountRecord = tuple[bytes, bytes, int]
"""The account's id in UTF-8, its event, and the time of the record that it came in (ms since 1970)."""

PASSED_ON, NO_ACCOUNT, UNUSABLE_ACCOUNT, UNREADABLE = "passed_on", "no_account", "unusable_account", "unreadable"
"""What becomes of an event for accounts."""


def account_records(
    record: Record, mapped: Sequence[bytes | RejectedError] | None, became: Counter[str]
) -> Iterator[AccountRecord]:
    """Return the account events in a record; what each of its events becomes is counted in ``became`` on the way.

    ``mapped`` is what the reader of a topic in another shape found in the record. What cannot be read says nothing of
    accounts: the customers' rejects tell it.
    """
    return _keyed([record.value] if mapped is None else mapped, record.time, became)


def _keyed(
    values: Iterable[bytes | RejectedError | None], time: int, became: Counter[str], *, in_list: bool = False
) -> Iterator[AccountRecord]:
    for value in values:
        if not isinstance(value, bytes):
            became[UNREADABLE] += 1
            continue
        try:
            account, event = account_event(value)
        except SeveralEventsError as several:
            if in_list:
                became[UNREADABLE] += 1
            else:
                yield from _keyed(several.events, time, became, in_list=True)
        except UnusableAccountError:
            became[UNUSABLE_ACCOUNT] += 1
        except RejectedError as error:
            became[NO_ACCOUNT if error.reason == "missing_account" else UNREADABLE] += 1
        else:
            became[PASSED_ON] += 1
            yield account.encode(), event, time
