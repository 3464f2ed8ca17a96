"""Engagement: what a customer looks at between orders, by day."""

import msgspec

from schemas.events import Browsed
from schemas.kinds import CARTS, COUPONS, SEARCHES, VIEWS
from state import aspects
from state.daily import Daily, PackedDaily, nothing, unpacked
from state.purchases import LONGEST_WINDOW

COLUMNS = {"views": 0, "searches": 1, "carts": 2, "sessions": 3, "coupons": 4}
COLUMN_ASPECTS = (aspects.VIEWS, aspects.SEARCHES, aspects.CARTS, aspects.SESSIONS, aspects.COUPONS)
COLUMN_OF = {
    **dict.fromkeys(VIEWS, 0),
    **dict.fromkeys(SEARCHES, 1),
    **dict.fromkeys(CARTS, 2),
    **dict.fromkeys(COUPONS, 4),
}
SESSIONS_COLUMN = COLUMNS["sessions"]
COUPONS_COLUMN = COLUMNS["coupons"]


class Engagement(msgspec.Struct, gc=False):
    """Views, searches, carts, sessions and coupons by day, and the instant of the last visit."""

    daily: Daily
    last_visit: int | None = None

    def browse(self, seen: Browsed, day: int, session_ms: int) -> int:
        """Count one sign of interest, and return the aspects that it changed.

        A visit begins when none was seen for ``session_ms``. A coupon is counted but is no visit: it is redeemed at
        the till as well.
        """
        daily = self.daily
        daily.forget(day - LONGEST_WINDOW + 1)
        changed = aspects.NOTHING
        column = COLUMN_OF.get(seen.event)
        if column is not None:
            daily.add(day, column)
            changed = COLUMN_ASPECTS[column]
            if column == COUPONS_COLUMN:
                return changed
        if self.last_visit is None or seen.at - self.last_visit > session_ms:
            daily.add(day, SESSIONS_COLUMN)
            changed |= aspects.SESSIONS
        self.last_visit = seen.at
        return changed | aspects.VISITS

    def packed(self) -> bytes:
        """Its bytes."""
        return _encode((self.daily.packed(), self.last_visit))

    @staticmethod
    def unpacked(packed: bytes) -> "Engagement":
        """That of the bytes. Raises ``msgspec.DecodeError``."""
        daily, last_visit = _decode(packed)
        return Engagement(unpacked(daily), last_visit)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[PackedDaily | None, int | None]).decode


def no_engagement() -> Engagement:
    """A customer who was never seen browsing."""
    return Engagement(nothing())
