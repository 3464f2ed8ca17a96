"""Support: a customer's open cases, and how satisfied they were."""

import msgspec

from schemas.events import TicketOpened, TicketRated, TicketSolved
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.delta_coding import after_day, at_day

OPENED, SOLVED, RATINGS, RATING_SUM, RATING_HUNDREDTHS = range(5)
MAX_OPEN_TICKETS = 64


class Support(msgspec.Struct, gc=False):
    """The open tickets, by id with the instant of opening (at most 64), counts by day, and the last rating.

    ``stored`` are the bytes of all this, none once it may have changed.
    """

    open: dict[str, int]
    daily: Daily
    last_rating: int | float | None = None
    rated_at: int = 0
    stored: bytes = b""

    def drop_before(self, day: int) -> None:
        """Drop the days before ``day``, which no window reaches any more."""
        self.stored = b""
        self.daily.drop_before(day)

    def open_ticket(self, ticket: TicketOpened, day: int) -> None:
        """Add a ticket; one that is open already keeps its first instant."""
        self.stored = b""
        if ticket.ticket_id not in self.open:
            self.daily.add(day, OPENED)
            if len(self.open) < MAX_OPEN_TICKETS:
                self.open[ticket.ticket_id] = ticket.at

    def solve_ticket(self, ticket: TicketSolved, day: int) -> None:
        """Remove a ticket that is open; any other changes nothing."""
        self.stored = b""
        if self.open.pop(ticket.ticket_id, None) is not None:
            self.daily.add(day, SOLVED)

    def rate(self, rated: TicketRated, day: int) -> None:
        """Count a rating, which becomes the last one."""
        self.stored = b""
        self.daily.add(day, RATINGS)
        whole, hundredths = divmod(round(rated.rating * 100), 100)
        self.daily.add(day, RATING_SUM, whole)
        if hundredths:  # nearly all ratings are whole, and need no further column
            self.daily.add(day, RATING_HUNDREDTHS, hundredths)
        self.last_rating = rated.rating
        self.rated_at = rated.at

    def oldest_open(self) -> int | None:
        """Return the instant at which the oldest open ticket was opened, or None."""
        return min(self.open.values()) if self.open else None

    def packed(self) -> bytes:
        """Return the bytes, which are made again only after a change."""
        if not self.stored:
            rated_at = 0 if self.last_rating is None else after_day(self.rated_at, self.daily.days)
            self.stored = _encode(_Packed(self.open, self.daily.packed(), self.last_rating, rated_at))
        return self.stored

    @staticmethod
    def unpacked(packed: bytes) -> "Support":
        """Return what the bytes hold. Raises ``msgspec.DecodeError``."""
        it = _decode(packed)
        daily = unpack_daily(it.daily)
        rated_at = 0 if it.last_rating is None else at_day(it.rated_at, daily.days)
        return Support(it.open, daily, it.last_rating, rated_at, packed)


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Support as stored, the last rating's instant in ms after the last day.

    A new field goes to the end and has a default: older bytes lack it.
    """

    open: dict[str, int]
    daily: PackedDaily | None
    last_rating: int | float | None
    rated_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def no_support() -> Support:
    """Return the support of a customer who never needed any."""
    return Support({}, no_counts())
