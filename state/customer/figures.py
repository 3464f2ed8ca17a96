"""Figures of a customer's orders that several modules need, each with its only formula.

They are inlined into generated code (see ``state.conditions.formula``), so each is one ``return``.
"""

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


def time_since_order(purchases: Purchases, at: int, unit: int) -> float | None:
    """Return the time since the last order that stands, in units of ``unit`` ms; None without orders."""
    return None if (last := purchases.last()) is None else (at - last) / unit
