"""Members by date: how many were in a set at the end of each day, counted back from those who are in it now."""

from collections.abc import Mapping, Sequence


def members_by_day(now: int, gained: Mapping[int, int], days: Sequence[int]) -> list[int]:
    """Return how many were in a set at the end of each of these days, which follow each other; of the last one, now.

    ``gained`` is how many more members the set had after a day than before it.
    """
    today = days[-1]
    counts, members = [now], now - sum(number for day, number in gained.items() if day >= today)
    for day in reversed(days[:-1]):
        counts.append(members)
        members -= gained.get(day, 0)
    # Who was taken out by hand has left a set without having been told to: fewer are left than went away.
    return [max(0, it) for it in reversed(counts)]
