"""The reject of a record, as it goes to the rejects topic."""

from agents.batch import Record
from schemas.reject import FORGOTTEN_CUSTOMER, RejectedError, reject


def reject_of(record: Record, error: RejectedError, partition: int) -> tuple[bytes | None, bytes, int]:
    """Return key, value and timestamp (ms since 1970) of the reject of a record, read from this partition."""
    is_kept = error.reason != FORGOTTEN_CUSTOMER
    value = reject(
        error,
        topic=record.topic,
        partition=partition,
        offset=record.offset,
        time=record.time,
        key=record.key if is_kept else None,
        value=record.value if is_kept else None,
    )
    return record.key if is_kept else None, value, record.time


def poison(error: Exception) -> RejectedError:
    """Return the rejection of what met an error of its customer alone: damaged bytes, or a rule that raises."""
    return RejectedError("poison", f"{type(error).__name__}: {error}")
