"""BG/NBD: the probability that a customer is still active, in closed form.

Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
Marketing Science 24(2), 2005; P(alive) after Hardie's note on it. Times are in the unit the parameters were
estimated in (weeks for the published CDNOW values).
"""

from math import exp, inf, log

MAX_EXPONENT = 700.0  # exp of more overflows a double, and 1 / (1 + exp(700)) is 0 to 300 digits


def p_alive(x: int, recency: float, age: float, *, r: float, alpha: float, a: float, b: float) -> float:
    """Return P(alive | x, t_x, T); 1 for a one-time buyer, who in this model drops out only after a repeat purchase.

    ``x`` is the number of repeat purchases, ``recency`` the time from the first to the last, ``age`` the time
    since the first.
    """
    if x == 0:
        return 1.0
    exponent = (r + x) * log((alpha + age) / (alpha + recency)) + log(a / (b + x - 1))
    return 1 / (1 + exp(exponent)) if exponent < MAX_EXPONENT else 0.0


def idle_until(p: float, x: int, recency: float, *, r: float, alpha: float, a: float, b: float) -> float:
    """Return the silence after the last purchase until P(alive) has fallen to ``p``; infinite for a one-time buyer.

    The formula of ``p_alive``, solved for ``age - recency``; 0 if P(alive) is below ``p`` right after the purchase.
    """
    if x == 0:
        return inf
    odds = (1 - p) / p * (b + x - 1) / a
    return max(0.0, (alpha + recency) * (exp(log(odds) / (r + x)) - 1))
