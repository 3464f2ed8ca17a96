"""The arrival of a request: when it came, and when the events in it happened by the clock of the server."""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Raw

from schemas.coercion import NULL, Fields, as_json
from schemas.instant import EARLIEST, LATEST, from_datetime
from schemas.reject import RejectedError
from schemas.timestamps import happened, moment

_SLOW_NETWORK = timedelta(minutes=1)
"""How far ``sentAt`` may lie from the arrival while the clock of the sender still counts as right."""

_DAY_MS = 86_400_000
_ORIGINALS = ("originalTimestamp", "original_timestamp")


class Timed(NamedTuple):
    """When an event happened.

    ``is_dated``: the event says so itself. ``is_moved``: by the clock of the server, since that of its sender is wrong.
    """

    moment: datetime
    is_dated: bool = True
    is_moved: bool = False


class Arrival(NamedTuple):
    """When a request came, also in ms since 1970, and the ``sentAt`` that it says of all its events.

    ``is_import``: its records bear the times of their events, as is right for the past, and not that of the arrival.
    ``is_replay``: the clock is the stream's, which an event may put forward by a day at most.
    ``is_punctual``: no event needs to be moved for that ``sentAt``.
    """

    moment: datetime
    at: int
    sent: Raw
    is_import: bool
    is_replay: bool
    is_punctual: bool

    @classmethod
    def of(cls, now: datetime, sent: Raw, *, is_import: bool, is_replay: bool = False) -> "Arrival":
        """Return the arrival of a request."""
        return cls(now, from_datetime(now), sent, is_import, is_replay, not _is_off(sent, now))

    def record_time(self, happened_at: datetime) -> int:
        """Return the time of the record of an event, in ms since 1970."""
        at = from_datetime(happened_at)
        if not EARLIEST <= at < LATEST:
            return self.at
        if self.is_import:
            return min(at, self.at)
        return at if self.is_replay and self.at < at <= self.at + _DAY_MS else self.at

    def timed(self, fields: Fields) -> Timed:
        """Give an event its ``timestamp`` if it has none, or one by a wrong clock. Raises ``RejectedError``.

        It is then what Segment's spec says: ``receivedAt - (sentAt - originalTimestamp)``.
        """
        stated = moment(fields, "timestamp")
        if stated is not None and any(fields.get(it, NULL) != NULL for it in _ORIGINALS):
            return Timed(stated)  # it has been through a server that has corrected it
        original = moment(fields, *_ORIGINALS) if stated is None else stated
        if original is None:
            fields["timestamp"] = as_json(self.moment)
            return Timed(self.moment, is_dated=False)
        sent = next((fields[it] for it in ("sentAt", "sent_at") if it in fields), self.sent)
        if _is_off(sent, self.moment):
            if stated is not None:
                fields["originalTimestamp"] = fields["timestamp"]
            fields |= {"timestamp": NULL, "sentAt": sent, "receivedAt": as_json(self.moment)}
            corrected = happened(fields)
            fields["timestamp"] = as_json(corrected)
            return Timed(corrected, is_moved=True)
        if stated is None:
            fields["timestamp"] = as_json(original)
        return Timed(original)


def _is_off(sent: Raw, now: datetime) -> bool:
    try:
        told = moment({"sentAt": sent}, "sentAt")
    except RejectedError:
        return False  # nothing can be told of its clock
    return told is not None and abs(told - now) > _SLOW_NETWORK
