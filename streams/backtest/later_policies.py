"""Policies of a backtest that follow the first one, each from an instant on."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from state.timeline.history import LaterRules
from streams.policy_file import load_rules


class LaterPolicy(NamedTuple):
    """The file of a policy by which everything is decided that happens after ``at`` (ms since 1970).

    ``silently``: nothing is published of what changes at that instant.
    """

    at: int
    file: Path
    silently: bool = False


def later_rules(policies: Iterable[LaterPolicy]) -> list[LaterRules]:
    """Compile them. Raises ``PolicyFileError``."""
    return [LaterRules(it.at, load_rules(it.file), it.silently) for it in policies]
