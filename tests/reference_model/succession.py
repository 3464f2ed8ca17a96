"""Policies that follow each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.reference_model.policy import Policy


@dataclass(frozen=True)
class Successor:
    """A policy by which everything is decided that happens after an instant; `silently`: nothing is told of that."""

    at: int
    policy: Policy
    silently: bool = False


def in_force(at: int, first: Policy, later: Sequence[Successor]) -> Policy:
    """The policy by which an event at an instant is read."""
    return next((each.policy for each in reversed(later) if each.at < at), first)
