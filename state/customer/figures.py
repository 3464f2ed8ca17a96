"""Figures of a customer's orders that several modules need, each with its only formula.

Those of one ``return`` are inlined into generated code (see ``state.conditions.formula``).
"""

from math import isqrt

from state.customer.purchases import Purchases


def average_order_value(purchases: Purchases, unit: int) -> float | None:
    """Return the revenue per order that stands, in the currency of ``unit`` minor units; None without orders."""
    return purchases.revenue() / orders / unit if (orders := purchases.count()) else None


def mean_gap(purchases: Purchases, unit: int) -> float | None:
    """Return the mean time between purchase occasions, in units of ``unit`` ms; None before the second."""
    return (
        None
        if (occasions := purchases.occasions) < 2
        else (purchases.occasion_at - (purchases.first() or 0)) / (occasions - 1) / unit
    )


def gap_variation(purchases: Purchases, occasion_ms: int) -> int | None:
    """Return how uneven the gaps between occasions are: their coefficient of variation, in ten-thousandths.

    It is that of all gaps, not of a sample, rounded down. None before the third occasion.
    """
    occasions = purchases.archive.totals.occasions_after(purchases.rows.ats, occasion_ms)
    gaps, together = occasions.number - 1, occasions.last - (purchases.first() or 0)
    if gaps < 2 or not together:
        return None
    return isqrt(10**8 * (gaps * occasions.squares - together**2) // together**2)


def time_since_order(purchases: Purchases, at: int, unit: int) -> float | None:
    """Return the time since the last order that stands, in units of ``unit`` ms; None without orders."""
    return None if (last := purchases.last()) is None else (at - last) / unit
