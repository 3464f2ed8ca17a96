"""How long a customer may be silent before being at risk, and before being gone."""

from tests.reference_model.memory import Memory
from tests.reference_model.policy import Policy


def p_alive(policy: Policy, memory: Memory, at: int) -> float | None:
    """P(alive) under BG/NBD; missing without an order or under another method."""
    given = policy.patience
    begun = memory.occasions
    if given["method"] != "p_alive" or not begun:
        return None
    x = len(begun) - 1
    if x == 0:
        return 1.0
    unit = given["unit_days"] * policy.calendar.day_ms
    t_x, total = (begun[-1] - begun[0]) / unit, (at - begun[0]) / unit
    alpha, r, a, b = given["alpha"], given["r"], given["a"], given["b"]
    return float(1 / (1 + a / (b + x - 1) * ((alpha + total) / (alpha + t_x)) ** (r + x)))


def silences(policy: Policy, memory: Memory) -> tuple[int, int]:
    """The two silences in ms, not shortened: at risk, churned."""
    given, span = policy.patience, policy.calendar.span
    if len(memory.occasions) == 1:
        return span(policy.one_time_days), span(policy.one_time_churn_days)
    if given["method"] == "fixed":
        return span(given["days"]), span(given["churn_days"])
    least, most = span(given["min_days"]), span(given["max_days"])
    free, free_churn = unbounded(policy, memory)
    patience = min(max(free, least), most)
    if given["method"] == "rhythm":
        return patience, int(patience * given["churn_multiple"])
    churn = min(max(free_churn, least), span(2 * given["max_days"]))
    return patience, max(churn, patience + max(1, span(given["min_at_risk_days"])))


def unbounded(policy: Policy, memory: Memory) -> tuple[int, int]:
    """The two silences by rhythm or p_alive before they are bounded (by rhythm, only the first is)."""
    given, begun = policy.patience, memory.occasions
    n, length, ahead = len(begun), begun[-1] - begun[0], memory.orders[-1].at - begun[-1]
    if given["method"] == "rhythm":
        return int(given["multiple"] * length / (n - 1)), 0
    unit = given["unit_days"] * policy.calendar.day_ms
    x, t_x = n - 1, length / unit
    alpha, r, a, b = given["alpha"], given["r"], given["a"], given["b"]

    def idle(p: float) -> float:
        return float(max(0, (alpha + t_x) * (((1 - p) / p * (b + x - 1) / a) ** (1 / (r + x)) - 1)))

    return int(unit * idle(given["limit"])) - ahead, int(unit * idle(given["churn_limit"])) - ahead


def displeased(policy: Policy, memory: Memory, at: int) -> bool:
    support = policy.support
    if support is None:
        return False
    rated, rated_at = memory.last_rating, memory.rated_at
    if rated is not None and rated <= support.bad_rating and rated_at <= at < rated_at + support.rating_counts:
        return True
    return bool(memory.open) and at - min(memory.open.values()) >= support.open_for


def shortened(policy: Policy, silence: int) -> int:
    return silence if policy.support is None else int(silence * policy.support.shorten_to)


def reached(policy: Policy, memory: Memory, silence: int, at: int) -> bool:
    silent = at - memory.orders[-1].at
    return silent >= silence or (displeased(policy, memory, at) and silent >= shortened(policy, silence))


def silence_instants(policy: Policy, memory: Memory) -> list[int]:
    """Every instant at which a silence limit, a displeasure or a recency limit may begin to count."""
    found = []
    if memory.orders:
        last = memory.orders[-1].at
        for silence in silences(policy, memory):
            found += [last + silence, last + shortened(policy, silence)]
        for limit in policy.scores.recency:
            near = last + policy.calendar.span(limit)
            found += [near - 1, near, near + 1]
    if memory.open and policy.support is not None:
        found.append(min(memory.open.values()) + policy.support.open_for)
    return found
