"""The compiler of a policy's conditions."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from state.conditions.catalogue import Catalogue
from state.conditions.condition import Condition, compile_condition, entering, opposite
from state.conditions.errors import ConditionError
from state.conditions.named_place import place_of
from state.conditions.nodes import FeatureRef, Leaf, leaves_of, names_of, operands_of
from state.customer.parts import DECIDED, SEGMENTS, SIGNALS, STEPS, TRAITS
from state.policy.compiled_ladder import CompiledLadder, CompiledStep
from state.policy.declared_order import Undecided, not_yet_in_segment, not_yet_on_ladder
from state.policy.duration import in_days, in_hours
from state.policy.lifecycle_shape import Lifecycle, PAlive
from state.policy.shape import Policy
from state.policy.text import PolicyText
from state.policy.toml_lines import Path


class Decides(NamedTuple):
    """What a condition decides, what is decided before that and so can be asked, and what to ask instead of others."""

    what: str
    known: frozenset[str]
    fix: str


LOYALTY = Decides("loyalty", frozenset(), "use orders, revenue or days")
STAGE = Decides("the stage", frozenset(("silence", "loyal")), "use silence, loyal, orders, revenue or days")


class PolicyConditions:
    """The compiler of a policy's conditions, which reports what is wrong with them; ``by_key`` has the others."""

    def __init__(self, source: PolicyText, catalogue: Catalogue, policy: Policy, wrong: frozenset[str]) -> None:
        self._source = source
        self._catalogue = catalogue
        self._policy = policy
        self._wrong_measures = wrong
        self.by_key: dict[Path, Condition] = {}
        self._texts: dict[Path, str] = {}
        is_read = source.is_read(("lifecycle", "patience")) and source.is_read(("lifecycles",))
        methods = (policy.lifecycle.patience, *(it.patience for it in policy.lifecycles))
        self._never_p_alive = is_read and not any(isinstance(it, PAlive) for it in methods)

    def ladder(self, number: int) -> CompiledLadder:
        """Return a ladder, whose conditions may ask for the steps of the ladders before it."""
        ladder, day = self._policy.ladders[number], self._policy.time.day_seconds * 1000
        steps = []
        for place, step in enumerate(ladder.steps):
            path: Path = ("ladders", number, "steps", place)
            enter, leave = self.pair(path, step.enter, step.leave)
            self._check_order(path, not_yet_on_ladder, number)
            stay, grace = in_days(step.min_stay_days, day), in_days(step.grace_days, day)
            requalify, confirm = in_days(step.requalify_days, day), in_hours(step.confirm_hours, day)
            steps.append(CompiledStep(step.key, step.name, enter, leave, stay, grace, requalify, confirm))
        return CompiledLadder(ladder.key, ladder.name, tuple(steps))

    def segment(self, number: int) -> tuple[Condition, Condition]:
        """Return the conditions of a segment, which may ask for all ladders and for the segments before it."""
        segment, path = self._policy.segments[number], ("segments", number)
        pair = self.pair(path, segment.enter, segment.leave)
        self._check_order(path, not_yet_in_segment, number)
        return pair

    def _check_order(self, path: Path, undecided: Undecided, number: int) -> None:
        for where in ((*path, "enter"), (*path, "leave")):
            if (condition := self.by_key.get(where)) is not None:
                for name, message, fix in undecided(condition, self._policy, number, str(where[-1])):
                    self._report_named(where, name, message, fix)

    def pair(self, path: Path, enter: str, leave: str, decides: Decides | None = None) -> tuple[Condition, Condition]:
        """Return the conditions for entering, which never holds while the other does, and for leaving."""
        joining = self._compile((*path, "enter"), enter, decides)
        leaving = self._compile((*path, "leave"), leave, decides) if leave.strip() else opposite(joining)
        return entering(joining, leaving), leaving

    def stage(self, path: Path, enter: str, leave: str) -> tuple[Condition, Condition]:
        """Return the conditions of a stage, which may ask for silence and loyalty."""
        return self.pair(path, enter, leave, STAGE)

    def of_traits(self, path: Path, text: str) -> Condition | None:
        """Return a condition that only events can change, by traits; None if there is none."""
        if not text.strip():
            return None
        condition = self._compile(path, text)
        for leaf in leaves_of(condition.tree):
            if (wrong := _beyond_traits(leaf)) is not None:
                fix = "ask for `kind` or traits, as in `kind == 'internal' or traits.test_account`"
                self._report_named(path, wrong[0], wrong[1], fix)
                break
        return condition

    def kinds(self) -> Iterator[tuple[Condition, Lifecycle]]:
        """Yield whom each lifecycle of a kind applies to, with the whole of it."""
        for number, it in enumerate(self._policy.lifecycles):
            path: Path = ("lifecycles", number, "applies_to")
            applies_to = self.of_traits(path, it.applies_to) if self._source.is_read(path) else None
            if applies_to is not None:
                yield applies_to, it.lifecycle(self._policy.lifecycle)
            elif self._source.is_read(path):
                self._source.report(path, "`applies_to` is empty", "write a condition, as in `kind == 'business'`")

    def of_signal(self, number: int) -> Condition | None:
        """Return what is asked when a signal occurs; None if nothing is."""
        text = self._policy.signals[number].while_
        return self._compile(("signals", number, "while"), text) if text.strip() else None

    def _is_decided(self, name: str) -> bool:
        feature = self._catalogue.features.get(name)
        return feature is not None and bool(feature.parts & (DECIDED | STEPS | SEGMENTS | SIGNALS))

    def _compile(self, path: Path, text: str, decides: Decides | None = None) -> Condition:
        if not self._wrong_measures.isdisjoint(re.findall(r"\w+", text)):  # told where the measure is
            return compile_condition("true", self._catalogue)
        try:
            condition = compile_condition(text, self._catalogue)
        except ConditionError as error:
            where = f"in `{path[-1]}`, column {error.column}"
            self._source.report(path, f"{where}: {error.message}", error.fix, error.row)
            return compile_condition("true", self._catalogue)
        self.by_key[path], self._texts[path] = condition, text
        decided = sorted(filter(self._is_decided, condition.names))
        if decides is not None and (circular := [it for it in decided if it not in decides.known]):
            told = f"`{circular[0]}` follows from {decides.what}, and cannot decide it"
            self._report_named(path, circular[0], told, decides.fix)
        if "p_alive" in condition.names and self._never_p_alive:
            fix = 'use method = "p_alive" in [lifecycle.patience], or days_since_order here'
            self._report_named(path, "p_alive", "`p_alive` is never known under this patience", fix)
        return condition

    def _report_named(self, path: Path, name: str, told: str, fix: str) -> None:
        row, column = place_of(name, self._texts[path])
        self._source.report(path, f"in `{path[-1]}`, column {column}: {told}", fix, row)


def _beyond_traits(leaf: Leaf) -> tuple[str, str] | None:
    """Return a name in a comparison that more than events about traits can change, and what is told of it."""
    for operand in operands_of(leaf):
        if isinstance(operand, FeatureRef) and operand.feature.parts & ~TRAITS:
            return operand.feature.name, f"`{operand.feature.name}` is more than what traits say"
    if any([it.monotonicity.can_change for it in operands_of(leaf)]):
        name = min(names_of(leaf))
        return name, f"`{name}` changes by time alone, and is more than what traits say"
    return None
