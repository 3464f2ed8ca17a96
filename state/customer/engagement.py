"""Engagement: what a customer looks at between orders, by day."""

import msgspec

from schemas.event_types import EVENT_TYPES
from schemas.events import Browsed
from state.customer import parts
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.delta_coding import after_day, at_day

# Snapshots store the columns in this order: a new count goes to the end.
COLUMNS = {name: column for column, name in enumerate(("views", "searches", "carts", "sessions", "coupons"))}
COLUMN_PARTS = tuple(parts.FIRST_COUNT << column for column in COLUMNS.values())
COLUMN_OF = {it.name: COLUMNS[it.counted_as] for it in EVENT_TYPES.values() if it.counted_as is not None}
SESSIONS_COLUMN = COLUMNS["sessions"]
COUPONS_COLUMN = COLUMNS["coupons"]


class Engagement(msgspec.Struct, gc=False):
    """The views, searches, carts, sessions and coupons of each day, and the instant of the last visit."""

    daily: Daily
    last_visit: int | None = None

    def browse(self, browsed: Browsed, day: int, session_ms: int) -> int:
        """Count one sign of interest, and return the parts of the customer that it changed.

        A session begins when nothing was seen for more than ``session_ms``. A coupon is counted but is no visit,
        since it is redeemed at the till as well.
        """
        daily = self.daily
        changed = parts.NO_PARTS
        column = COLUMN_OF.get(browsed.event)
        if column is not None:
            daily.add(day, column)
            changed = COLUMN_PARTS[column]
            if column == COUPONS_COLUMN:
                return changed
        if self.last_visit is None or browsed.at - self.last_visit > session_ms:
            daily.add(day, SESSIONS_COLUMN)
            changed |= COLUMN_PARTS[SESSIONS_COLUMN]
        self.last_visit = browsed.at
        return changed | parts.VISITS

    def packed(self) -> bytes:
        """Return the bytes."""
        last_visit = None if self.last_visit is None else after_day(self.last_visit, self.daily.days)
        return _encode(_Packed(self.daily.packed(), last_visit))

    @staticmethod
    def unpacked(packed: bytes) -> "Engagement":
        """Return what the bytes hold. Raises ``msgspec.DecodeError``."""
        it = _decode(packed)
        daily = unpack_daily(it.daily)
        return Engagement(daily, None if it.last_visit is None else at_day(it.last_visit, daily.days))


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Engagement as stored, the last visit in ms after the last day.

    A new field goes to the end and has a default: older bytes lack it.
    """

    daily: PackedDaily | None
    last_visit: int | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def no_engagement() -> Engagement:
    """Return the engagement of a customer who was never seen browsing."""
    return Engagement(no_counts())
