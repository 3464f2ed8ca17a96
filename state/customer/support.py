"""Support: the cases a customer has open, and how satisfied they were."""

import msgspec

from schemas.events import TicketOpened, TicketRated, TicketSolved
from state.customer.daily_counts import Daily, PackedDaily, nothing, unpacked
from state.customer.purchases import MAX_WINDOW_DAYS

OPENED, SOLVED, RATINGS, RATING_SUM = range(4)
MAX_OPEN_TICKETS = 64


class Support(msgspec.Struct, gc=False):
    """Open tickets with the instant each was opened (the oldest 64), counts by day, and the last rating."""

    open: dict[str, int]
    daily: Daily
    last_rating: int | None = None
    rated_at: int = 0

    def opened(self, ticket: TicketOpened, day: int) -> None:
        """A case began; one that is open already keeps its first instant."""
        self.daily.forget(day - MAX_WINDOW_DAYS + 1)
        if ticket.ticket_id not in self.open:
            self.daily.add(day, OPENED)
            if len(self.open) < MAX_OPEN_TICKETS:
                self.open[ticket.ticket_id] = ticket.at

    def solved(self, ticket: TicketSolved, day: int) -> None:
        """A case ended."""
        self.daily.forget(day - MAX_WINDOW_DAYS + 1)
        if self.open.pop(ticket.ticket_id, None) is not None:
            self.daily.add(day, SOLVED)

    def rated(self, rated: TicketRated, day: int) -> None:
        """The customer said how it was."""
        self.daily.forget(day - MAX_WINDOW_DAYS + 1)
        self.daily.add(day, RATINGS)
        self.daily.add(day, RATING_SUM, rated.rating)
        self.last_rating = rated.rating
        self.rated_at = rated.at

    def oldest_open(self) -> int | None:
        """The instant at which the longest open case was opened."""
        return min(self.open.values()) if self.open else None

    def packed(self) -> bytes:
        """Its bytes."""
        return _encode((self.open, self.daily.packed(), self.last_rating, self.rated_at))

    @staticmethod
    def unpacked(packed: bytes) -> "Support":
        """That of the bytes. Raises ``msgspec.DecodeError``."""
        opened, daily, last_rating, rated_at = _decode(packed)
        return Support(opened, unpacked(daily), last_rating, rated_at)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[dict[str, int], PackedDaily | None, int | None, int]).decode


def no_support() -> Support:
    """A customer who never needed help."""
    return Support({}, nothing())
