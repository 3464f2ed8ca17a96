"""The filters of events in a policy: in calls of its conditions, and in its signals."""

import ast
from collections.abc import Iterator, Mapping

from state.conditions.event_filters import check_filter, filter_tree
from state.conditions.kind import Kind
from state.conditions.nodes import FeatureRef, Test, operands_of
from state.policy.shape import Policy
from state.policy.toml_lines import Path


def filters_in(tree: Test, kinds: Mapping[str, Kind]) -> Iterator[Test]:
    """Yield each filter of events in a condition, whose fields are of these kinds if they are of any."""
    for operand in operands_of(tree):
        if isinstance(operand, FeatureRef) and operand.feature.counts is not None and operand.feature.counts.names:
            source = operand.feature.name
            call = ast.parse(source, mode="eval").body
            assert isinstance(call, ast.Call)
            for keyword in call.keywords:
                if keyword.arg == "where":
                    yield check_filter(source, keyword.value, kinds)


def filters_of_signals(policy: Policy, kinds: Mapping[str, Kind]) -> Iterator[tuple[Path, Test]]:
    """Yield each filter of events in a signal, with its key."""
    for number, signal in enumerate(policy.signals):
        path: Path = ("signals", number)
        for place, step in enumerate(signal.steps):
            if step.where.strip():
                yield (*path, "steps", place, "where"), filter_tree(step.where, kinds)
        if signal.unless is not None and signal.unless.where.strip():
            yield (*path, "unless", "where"), filter_tree(signal.unless.where, kinds)
