"""Checks of the lifecycles of a policy: limits in order, and ratings that are on the scale."""

from collections.abc import Sequence
from itertools import pairwise

from state.policy.lifecycle_shape import Fixed, Lifecycle, PAlive, Rfm
from state.policy.shape import Policy
from state.policy.text import PolicyText
from state.policy.toml_lines import Path

_SCORES = ("recency_days", "frequency_orders", "monetary")


def check_lifecycles(policy: Policy, source: PolicyText) -> None:
    """Report what does not fit together in the lifecycle, in those of kinds, and in their scores."""
    _check_lifecycle(policy.lifecycle, ("lifecycle",), source)
    _check_rating(policy, policy.lifecycle, ("lifecycle",), source)
    _check_scores(policy.rfm, ("rfm",), source, _SCORES)
    for number, it in enumerate(policy.lifecycles):
        path: Path = ("lifecycles", number)
        lifecycle = it.lifecycle(policy.lifecycle)
        if source.is_read(("lifecycle",)):
            _check_lifecycle(lifecycle, path, source)
        if it.support is not None:
            _check_rating(policy, lifecycle, path, source)
        given = [name for name in _SCORES if getattr(it.rfm, name) is not None]
        _check_scores(it.scores(policy.rfm), (*path, "rfm"), source, given)


def _check_scores(rfm: Rfm, path: Path, source: PolicyText, names: Sequence[str]) -> None:
    for name in names:
        if any(low >= high for low, high in pairwise(getattr(rfm, name))):
            source.report((*path, name), f"`{name}` does not rise", "write four limits, each above the one before")


def _check_rating(policy: Policy, lifecycle: Lifecycle, table: Path, source: PolicyText) -> None:
    support, path = lifecycle.support, (*table, "support", "bad_rating")
    lowest, highest = policy.intake.rating_scale
    if support is None or lowest >= highest or not (source.is_read(("intake",)) and source.is_read(path)):
        return
    if not lowest <= support.bad_rating <= highest:
        told = f"`bad_rating` is {support.bad_rating:g}, which is not on the scale of ratings"
        fix = f"write at least {lowest:g} and at most {highest:g}, or another rating_scale in [intake]"
        source.report(path, told, fix)


def _check_lifecycle(lifecycle: Lifecycle, table: Path, source: PolicyText) -> None:
    if not source.is_read(table):
        return
    patience, path = lifecycle.patience, (*table, "patience")
    if lifecycle.one_time_churn_days <= (days := lifecycle.one_time_patience_days):
        source.report(
            (*table, "one_time_churn_days"),
            "one-time buyers would be churned before they are at risk",
            f"make one_time_churn_days longer than one_time_patience_days, which is {days:g}",
        )
    if isinstance(patience, Fixed):
        if patience.churn_days <= patience.days:
            source.report(
                (*path, "churn_days"),
                "customers would be churned before they are at risk",
                f"make churn_days longer than days, which is {patience.days:g}",
            )
        return
    if patience.min_days > patience.max_days:
        told = f"min_days {patience.min_days:g} is above max_days {patience.max_days:g}"
        source.report((*path, "min_days"), told, "make min_days the smaller one")
    if isinstance(patience, PAlive):
        if patience.churn_limit >= patience.limit:
            source.report(
                (*path, "churn_limit"),
                "customers would be churned before they are at risk",
                f"make churn_limit smaller than limit, which is {patience.limit:g}",
            )
    elif patience.churn_multiple <= 1:
        source.report(
            (*path, "churn_multiple"),
            "customers would be churned the moment they are at risk",
            "make churn_multiple more than 1",
        )
