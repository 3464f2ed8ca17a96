"""A customer who looks at products now and then in January, and the days of that month, for histories of stays."""

from schemas.instant import from_text
from tests.cases.intake import event

DAY = 86_400_000
START = from_text("2025-01-01")


def day(number: float) -> int:
    """Return the instant at which a day begins, or a part of it is over; the first of January is day 1."""
    return START + round((number - 1) * DAY)


def view(on: int) -> bytes:
    """Return a look at a product at the beginning of a day."""
    return event("Product Viewed", "c", f"2025-01-{on:02}T00:00:00Z", f"v{on}")


def day_of(at: int) -> float:
    """Return the day of an instant, without what is less than a second."""
    return 1 + (at - START) // 1000 * 1000 / DAY


LIFE = [view(1), view(11), view(14), view(25)]
END = day(41)
