"""Why a silence has reached a limit or not, by the grammar of `why`."""

from fractions import Fraction

from tests.reference_model.memory import Memory
from tests.reference_model.patience import displeased, shortened, silences, unbounded
from tests.reference_model.policy import Policy
from tests.reference_model.reasons import compared, digits, written


def silence(policy: Policy, memory: Memory, stage: str, at: int, sign: str) -> str:
    """The comparison of the silence with the limit of a stage, and what shortens that limit."""
    day = policy.calendar.day_ms
    limit = silences(policy, memory)[stage == "churned"]
    silent = at - memory.orders[-1].at
    short = displeased(policy, memory, at) and (sign == "<" or silent < limit)
    origin = origins(policy, memory, stage)
    if short:
        assert policy.support is not None
        origin = [f"shorten_to {written(policy.support.shorten_to)} x {digits(Fraction(limit, day))}", *origin]
        limit = shortened(policy, limit)
    words = compared(("days_since_order", ""), Fraction(silent, day), sign, ("", ""), Fraction(limit, day))
    return "; ".join([f"{words} ({', '.join(origin)})", *(displeasure(policy, memory, at) if short else [])])


def displeasure(policy: Policy, memory: Memory, at: int) -> list[str]:
    support, day = policy.support, policy.calendar.day_ms
    assert support is not None

    def lasted(name: str, since: int, sign: str, length: int, key: str, days: float) -> str:
        ages = Fraction(at - since, day), Fraction(length, day)
        return f"{compared((name, ''), ages[0], sign, ('', ''), ages[1])} ({key} {written(days)})"

    rating, rated = memory.last_rating, memory.rated_at
    if rating is not None and rating <= support.bad_rating and rated <= at < rated + support.rating_counts:
        bad = written(support.bad_rating)
        return [
            f"last_rating {written(rating)} <= {bad} (bad_rating {bad})",
            lasted(
                "days_since_rating", rated, "<", support.rating_counts, "rating_counts_days", support.rating_counts_days
            ),
        ]
    opened = min(memory.open.values())
    return [lasted("oldest_ticket_days", opened, ">=", support.open_for, "open_days", support.open_days)]


def origins(policy: Policy, memory: Memory, stage: str) -> list[str]:
    """Where a limit comes from, and where the numbers in that come from."""
    given, day, begun = policy.patience, policy.calendar.day_ms, memory.occasions
    churned = stage == "churned"
    if len(begun) == 1:
        days = policy.one_time_churn_days if churned else policy.one_time_days
        return [f"one_time_{'churn' if churned else 'patience'}_days {written(days)}"]
    if given["method"] == "fixed":
        return [f"churn_days {written(given['churn_days'])}" if churned else f"days {written(given['days'])}"]
    patience, churn = silences(policy, memory)
    free = unbounded(policy, memory)[churned]
    if given["method"] == "rhythm":
        gap = Fraction(begun[-1] - begun[0], (len(begun) - 1) * day)
        multiple = f"churn_multiple {written(given['churn_multiple'])} x {digits(Fraction(patience, day))}"
        rhythm = f"multiple {written(given['multiple'])} x mean_gap_days {digits(gap)}"
        return [multiple] * churned + bound(policy, unbounded(policy, memory)[0], 1) + [rhythm]
    falls = f"p_alive falls to {'churn_' * churned}limit {written(given['churn_limit' if churned else 'limit'])}"
    bounded = min(max(free, policy.calendar.span(given["min_days"])), policy.calendar.span(2 * given["max_days"]))
    kept = []
    if churned and churn > bounded:
        after = f"{digits(Fraction(patience, day))} + min_at_risk_days {written(given['min_at_risk_days'])} ="
        kept = [compared((after, ""), Fraction(churn, day), ">=", ("", ""), Fraction(bounded, day))]
    return [*kept, *bound(policy, free, 1 + churned), falls]


def bound(policy: Policy, free: int, times: int) -> list[str]:
    """Which bound took the place of a limit that is not bounded."""
    given, without = policy.patience, Fraction(free, policy.calendar.day_ms)
    least, most = written(given["min_days"]), written(given["max_days"])
    if free <= policy.calendar.span(given["min_days"]):
        return [compared((None, f"min_days {least}"), Fraction(least), ">=", ("", ""), without)]
    if Fraction(most) * times <= without:
        text = f"{'2 x ' if times == 2 else ''}max_days {most}"
        return [compared((None, text), Fraction(most) * times, "<=", ("", ""), without)]
    return []
