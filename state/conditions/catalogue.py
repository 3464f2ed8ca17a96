"""The catalogue: the features that a condition may name, and the functions that it may call."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from state.conditions.features import Feature, Instants
from state.conditions.functions import Argument, Function
from state.conditions.kind import Kind

WINDOW = re.compile("_([1-9][0-9]*)d$")
"""The end of the name of a feature over a window: its days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The features that a condition may name or call, and the days that they count in.

    ``undeclared`` are the names of what more there is once the policy declares something, with how that is done.
    ``features`` are those of every profile, and the further ones that conditions have asked for, by their names;
    ``functions`` are by theirs. ``windowed(days)`` makes the features of a window, whose names end in ``_Nd``; the
    longest has ``max_window_days``. ``roll_offs(window, features)`` returns what gives the instants at which something
    leaves that window (days) of these features. ``day_of(instant)`` numbers the days. ``title`` names the policy in the
    titles of generated code. ``traits`` are the kinds of those that the policy declares; each that is a set of tags
    has a feature in ``tags``: those of them that have not expired. ``measures`` are the values to which the policy
    gives names, as texts, ``measures_read`` those that a condition has named so far.
    """

    title: str
    features: dict[str, Feature]
    functions: Mapping[str, Function]
    windowed: Callable[[int], Sequence[Feature]]
    max_window_days: int
    roll_offs: Callable[[int, Sequence[Feature]], Instants]
    day_of: Callable[[int], int]
    traits: Mapping[str, Kind] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    measures_read: set[str] = field(default_factory=set)
    tags: Mapping[str, Feature] = field(default_factory=dict)
    undeclared: Mapping[str, str] = field(default_factory=dict)

    def feature(self, name: str) -> Feature | None:
        """Return the feature of a name, or None; always the same one."""
        found = self.features.get(name) or self._in_window(name)
        if found is not None:
            self.features[name] = found
        return found

    def _in_window(self, name: str) -> Feature | None:
        match = WINDOW.search(name)
        if match is None or not 1 <= int(match[1]) <= self.max_window_days:
            return None
        return next((it for it in self.windowed(int(match[1])) if it.name == name), None)

    def has_feature(self, name: str) -> bool:
        """Tell whether there is a feature of a name, without asking for it."""
        return name in self.features or self._in_window(name) is not None

    def called(self, function: Function, arguments: dict[str, Argument]) -> Feature:
        """Return the feature of a call; always the same one. Raises ``CallError``."""
        name = function.call(arguments)
        found = self.features.get(name)
        if found is None:
            found = self.features[name] = function.feature(name, **arguments)
        return found
