"""Days of a history that begins at noon: their instants as texts, and in ms."""

from datetime import UTC, datetime, timedelta

FIRST = datetime(2024, 1, 10, 12, tzinfo=UTC)
MIDNIGHT = FIRST.replace(hour=0)


def written(moment: datetime) -> str:
    """Return an instant as it stands in events and messages."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def at(day: float) -> str:
    """Return the instant so many days after the first noon."""
    return written(FIRST + timedelta(days=day))


def ms(day: float) -> int:
    """Return the same in ms since 1970."""
    return int((FIRST + timedelta(days=day)).timestamp() * 1000)


def midnight(day: int) -> str:
    """Return the beginning of the day so many days after the first."""
    return written(MIDNIGHT + timedelta(days=day))
