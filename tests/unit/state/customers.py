"""Customers for decision tables. Days are numbers from 1970-01-01 = 0, and may have fractions."""

from schemas.events import OrderCompleted, TicketOpened, TicketRated
from state.customer.customer import Customer, first_seen
from state.customer.purchases import OrderMemory

DAY = 86_400_000
MEMORY = OrderMemory(occasion_ms=DAY, undo_days=400, window_days=365)


def ms(day: float) -> int:
    """The instant at which a day begins, or a part of it has passed."""
    return round(day * DAY)


def ordered(
    day: float, order_id: str, total: int = 1000, items: int = 1, categories: tuple[str, ...] = ()
) -> OrderCompleted:
    return OrderCompleted(
        at=ms(day),
        message_id=f"m-{order_id}-{day}",
        order_id=order_id,
        total=total,
        items=items,
        categories=categories,
    )


def buyer(
    *order_days: float,
    stage: str = "prospect",
    why: str = "",
    loyal: bool = False,
    rated: tuple[float, int] | None = None,
    ticket_opened: float | None = None,
) -> Customer:
    """A customer with an order on each of these days; ``rated`` is the day of a support rating, and the rating."""
    customer = first_seen(ms(order_days[0]) if order_days else 0)
    for number, day in enumerate(order_days):
        customer.purchases.place(ordered(day, f"o{number}"), int(day), MEMORY)
    if rated is not None:
        day, rating = rated
        customer.support.rate(TicketRated(at=ms(day), message_id="r", ticket_id="t", rating=rating), int(day))
    if ticket_opened is not None:
        opened = TicketOpened(at=ms(ticket_opened), message_id="t", ticket_id="t", event="Support Ticket Created")
        customer.support.open_ticket(opened, int(ticket_opened))
    customer.stage, customer.why = stage, why
    customer.silence = "churned" if stage == "churned" else "at_risk" if stage == "at_risk" else "none"
    customer.loyal_since = 0 if loyal else None
    return customer
