"""Warnings about a policy that can be used, but hardly means what it says."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from state.conditions.condition import Condition
from state.conditions.event_filters import MOMENT, kinds_of_fields, limits_of_fields
from state.conditions.features import Feature, Trend
from state.conditions.follows import is_met_by_all
from state.conditions.kind import Kind
from state.conditions.nodes import (
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Literal,
    Negative,
    Operand,
    Test,
    leaves_of,
    operands_of,
)
from state.conditions.value_sets import Within
from state.policy.currency_size import size_of
from state.policy.filter_trees import filters_in, filters_of_signals
from state.policy.left_out import left_out, left_out_events
from state.policy.lifecycle_shape import Fixed, Lifecycle, PAlive, Rhythm
from state.policy.never_held import never_held
from state.policy.never_joined import never_joined
from state.policy.never_left import never_left
from state.policy.never_met import never_met
from state.policy.never_reached import never_reached
from state.policy.shape import Money, Policy
from state.policy.toml_lines import Path

Warned = tuple[Path, str, str]
"""The key, what is odd about it, and what to do."""
_LEAST_MOST_PER_ORDER = 200
_LEAST_MONETARY = 10
_INVERTED = 100
_MORE_QUIET_DAYS = "write more of them, or leave quiet_days out"


def warnings_of(policy: Policy, conditions: Mapping[Path, Condition]) -> Iterator[Warned]:
    """Yield what is odd about a policy, whose conditions are given by their keys."""
    kinds = kinds_of_fields(policy.context)
    size = size_of(policy.money.currency)
    if size > 1:
        yield from _money(policy, size)
        for path, condition in conditions.items():
            yield from _amounts(path, condition, policy.money.currency, size)
    fields = limits_of_fields(kinds)
    for path, condition in conditions.items():
        yield from ((path, *told) for told in (*left_out(condition.tree), *never_met(condition.tree)))
        for tree in filters_in(condition.tree, kinds):
            yield from ((path, f"in `where`, {message}", fix) for message, fix in _of_filter(tree, kinds, fields))
        if path[-1] == "enter":
            leave = conditions.get((*path[:-1], "leave"))
            told = never_joined(condition.tree, None if leave is None else leave.tree)
            yield from ((path, message, fix) for message, fix in told)
        else:
            yield from ((path, *told) for told in never_held(condition.tree))
        if path[-1] == "leave":
            yield from ((path, *told) for told in never_left(condition.tree))
        if path == ("customers", "excluded") and is_met_by_all(condition.tree):
            yield path, "this leaves out every customer", "ask for whom to leave out, or leave it out"
    for path, tree in filters_of_signals(policy, kinds):
        yield from ((path, *told) for told in _of_filter(tree, kinds, fields))
    yield from never_reached(policy, conditions)
    yield from _quiet(policy)
    yield from _zone(policy, conditions)
    yield from _rates(policy, size)
    yield from _lifecycles(policy)


def _of_filter(tree: Test, kinds: Mapping[str, Kind], fields: Mapping[str, Within]) -> Iterator[tuple[str, str]]:
    yield from left_out_events(tree, kinds)
    yield from never_met(tree, fields)
    yield from never_held(tree)


def _quiet(policy: Policy) -> Iterator[Warned]:
    day = policy.time.day_seconds * 1000
    for number, it in enumerate(policy.signals):
        # Without ``per`` there is one occasion at a time, which begins after the one before was told.
        if it.quiet_days and it.unless is not None and not it.per and it.unless.ms(day) >= round(it.quiet_days * day):
            told = "these quiet days change nothing: the time of `unless` lets the signal occur no sooner in any case"
            yield ("signals", number, "quiet_days"), told, _MORE_QUIET_DAYS
    if policy.customers.excluded.strip():
        return  # who is excluded leaves a segment before the minimum stay is over
    for number, segment in enumerate(policy.segments):
        least = round(segment.min_stay_days * day) + round(segment.confirm_hours * day / 24)
        if segment.quiet_days and round(segment.quiet_days * day) <= least:
            given = [key for key in ("min_stay_days", "confirm_hours") if getattr(segment, key)]
            told = f"these quiet days change nothing: by {' and '.join(given)} nobody joins again sooner in any case"
            yield ("segments", number, "quiet_days"), told, _MORE_QUIET_DAYS


def _money(policy: Policy, size: int) -> Iterator[Warned]:
    currency, most = policy.money.currency, policy.money.most_per_order
    if most <= _LEAST_MOST_PER_ORDER * size:
        yield (
            ("money", "most_per_order"),
            f"orders above {most:,.0f} {currency}, roughly {_dollars(most, size)}, are put aside as mistakes",
            f"leave it out (it is then {Money().most_per_order * size:,.0f}), or write an amount that no order reaches",
        )
    highest = policy.rfm.monetary[-1]
    if highest < _LEAST_MONETARY * size:
        yield (
            ("rfm", "monetary"),
            f"the highest limit is {highest:g} {currency}, roughly {_dollars(highest, size)}: nearly all score 5",
            f"leave it out, or write limits in {currency}",
        )


def _zone(policy: Policy, conditions: Mapping[Path, Condition]) -> Iterator[Warned]:
    if not policy.time.zone_trait:
        return
    for condition in conditions.values():
        for operand in operands_of(condition.tree):
            if isinstance(operand, FeatureRef) and _is_by_own_zone(operand.feature, policy):
                return
    told = (
        "no condition asks for a date, for tags, or for the hour or the weekday of an event: nobody's own zone is read"
    )
    yield ("time", "zone_trait"), told, "leave it out, or ask for one of these; windows are in the policy's zone"


def _is_by_own_zone(feature: Feature, policy: Policy) -> bool:
    said = frozenset[str]() if feature.counts is None else feature.counts.names | {feature.counts.number}
    is_timed = bool(said & (MOMENT.keys() - policy.context.keys()))
    return is_timed or (bool(feature.traits) and feature.trend is not Trend.CONSTANT)


def _rates(policy: Policy, size: int) -> Iterator[Warned]:
    home = policy.money.currency
    for currency, rate in policy.money.rates.items():
        expected = size / size_of(currency)
        if _apart(rate, expected) > _INVERTED * _apart(rate, 1 / expected):
            yield (
                ("money", "rates", currency),
                f"a rate is what one unit is worth: 1 {currency} would be {rate:g} {home}, which looks like how many "
                f"{currency} one {home} is",
                f"write {currency} = {1 / rate:.4g}, if that is what you mean",
            )


def _apart(one: float, other: float) -> float:
    return max(one / other, other / one)


def _amounts(path: Path, condition: Condition, currency: str, size: int) -> Iterator[Warned]:
    for leaf in leaves_of(condition.tree):
        if not isinstance(leaf, Comparison):
            continue
        for side, other, text in ((leaf.left, leaf.right, leaf.right_text), (leaf.right, leaf.left, leaf.left_text)):
            if _is_money(side) and isinstance(other, Literal) and 0 < other.exact < size:
                yield (
                    path,
                    f"`{leaf.left_text} {leaf.sign} {leaf.right_text}`: {text} {currency} is roughly "
                    f"{_dollars(other.exact, size)}",
                    f"write the amount in {currency}",
                )


def _is_money(operand: Operand) -> bool:
    match operand:
        case FeatureRef(feature):
            return feature.unit == "currency"
        case Negative(of) | Clamped(_, of):
            return _is_money(of)
        case Arithmetic("+" | "-", left, right):
            return _is_money(left) and _is_money(right)
        case _:
            return False


def _lifecycles(policy: Policy) -> Iterator[Warned]:
    yield from _patience(policy.lifecycle, ("lifecycle",))
    yield from _support(policy.lifecycle, ("lifecycle",))
    for number, it in enumerate(policy.lifecycles):
        lifecycle, path = it.lifecycle(policy.lifecycle), ("lifecycles", number)
        if it.patience is not None:
            yield from _patience(lifecycle, path)
        yield from _support(lifecycle, path)


def _patience(lifecycle: Lifecycle, table: Path) -> Iterator[Warned]:
    patience, path = lifecycle.patience, (*table, "patience")
    if isinstance(patience, PAlive) and patience.min_at_risk_days < 1:
        yield (
            (*path, "min_at_risk_days"),
            f"whoever buys often is at risk for only {patience.min_at_risk_days:g} days before being churned",
            "raise min_at_risk_days",
        )
    elif isinstance(patience, Rhythm) and (days := patience.min_days * (patience.churn_multiple - 1)) < 1:
        yield (
            (*path, "churn_multiple"),
            f"whoever buys often is at risk for only {days:g} days before being churned",
            "raise churn_multiple or min_days",
        )


def _support(lifecycle: Lifecycle, table: Path) -> Iterator[Warned]:
    support = lifecycle.support
    if support is None:
        return
    pairs = [
        (
            lifecycle.one_time_patience_days,
            lifecycle.one_time_churn_days,
            f"one_time_churn_days {lifecycle.one_time_churn_days:g}",
            f"one_time_patience_days {lifecycle.one_time_patience_days:g}",
        )
    ]
    match lifecycle.patience:
        case Fixed(days, churn_days):
            pairs.append((days, churn_days, f"churn_days {churn_days:g}", f"days {days:g}"))
        case Rhythm() as rhythm:
            pairs.append((1, rhythm.churn_multiple, f"churn_multiple {rhythm.churn_multiple:g}", "1"))
    for patience, churn, name, limit in pairs:
        if support.shorten_to * churn < patience:
            yield (
                (*table, "support", "shorten_to"),
                f"a bad rating or a waiting ticket can make an active customer churned at once, without being at risk "
                f"before: shorten_to {support.shorten_to:g} x {name} is below {limit}",
                "raise shorten_to, or the limit for churn",
            )


def _dollars(amount: float | Fraction, size: int) -> str:
    dollars = float(amount) / size
    return (
        "a dollar" if 0.5 <= dollars < 1.5 else f"{dollars:,.2g} dollars" if dollars < 1 else f"{dollars:,.0f} dollars"
    )
