"""A policy ready for use: checked, its conditions compiled, its durations in milliseconds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from schemas.bounds import Named
from state.conditions.catalogue import Catalogue
from state.conditions.condition import Condition, compile_condition, entering, opposite
from state.conditions.errors import ConditionError
from state.conditions.nodes import Comparison, FeatureRef, Literal, leaves_of
from state.customer.parts import DECIDED
from state.policy.checks import check_values
from state.policy.shape import PAlive, Policy
from state.policy.text import PolicyError, PolicyText, Problem
from state.policy.toml_lines import Path
from state.policy.warnings import warnings_of


@dataclass(frozen=True, slots=True)
class MinimumStay:
    """A minimum stay in ms, and as the policy has it, in days of so many ms."""

    ms: int
    days: float
    day_ms: int


TRAIT = "traits."


@dataclass(frozen=True, slots=True)
class CompiledSegment:
    """A segment's conditions. ``enter`` never holds while ``leave`` does."""

    key: str
    name: str
    enter: Condition
    leave: Condition
    stay: MinimumStay


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy, its version, its conditions, its durations in ms, and what is odd about it."""

    policy: Policy
    version: str
    catalogue: Catalogue
    loyal_enter: Condition
    loyal_leave: Condition
    loyal_stay: MinimumStay
    segments: tuple[CompiledSegment, ...]
    day_ms: int
    lateness_ms: int
    session_ms: int
    occasion_ms: int
    undo_days: int
    warnings: tuple[Problem, ...] = ()

    @property
    def window_days(self) -> int:
        """The days of the longest window that the profile shows or a condition asks for."""
        return max(it.window or 0 for it in self.catalogue.features.values())

    @property
    def remembered_stages(self) -> frozenset[str]:
        """The stages whose past stays a condition asks about."""
        return frozenset(it.history_of for it in self.catalogue.features.values() if it.history_of is not None)

    @property
    def named(self) -> Named:
        """What the conditions name, ``kind`` included: none of it may be lost to a bound."""
        conditions = [self.loyal_enter, self.loyal_leave]
        conditions += [it for segment in self.segments for it in (segment.enter, segment.leave)]
        features = {name for condition in conditions for name in condition.features}
        return Named(
            traits=frozenset({"kind", *(it.removeprefix(TRAIT) for it in features if it.startswith(TRAIT))}),
            categories=frozenset(name for condition in conditions for name in _categories_in(condition)),
        )


def _categories_in(condition: Condition) -> Iterator[str]:
    for leaf in leaves_of(condition.tree):
        match leaf:
            case Comparison(left=Literal(value=str(name)), right=FeatureRef(feature=feature)):
                if feature.name == "categories":
                    yield name


def read_policy(text: str, make_catalogue: Callable[[Policy], Catalogue]) -> CompiledPolicy:
    """Return the policy of a TOML text. Raises ``PolicyError`` with everything that is wrong."""
    source = PolicyText(text)
    policy = source.policy()
    decoded = not source.problems
    check_values(policy, source, decoded)
    # A catalogue cannot be made with a time zone or a currency that does not exist.
    catalogue = make_catalogue(policy if decoded and not source.problems else _with_defaults(policy))
    conditions = _Conditions(source, catalogue, policy)
    day = policy.time.day_seconds * 1000
    loyal = policy.lifecycle.loyal
    loyal_enter, loyal_leave = conditions.pair(("lifecycle", "loyal"), loyal.enter, loyal.leave, lifelong=False)
    segments = []
    for number, segment in enumerate(policy.segments):
        enter, leave = conditions.pair(("segments", number), segment.enter, segment.leave, lifelong=True)
        segments.append(CompiledSegment(segment.key, segment.name, enter, leave, _stay(segment.min_stay_days, day)))
    if source.problems:
        raise PolicyError(source.problems)
    return CompiledPolicy(
        policy=policy,
        version=policy.version,
        catalogue=catalogue,
        loyal_enter=loyal_enter,
        loyal_leave=loyal_leave,
        loyal_stay=_stay(loyal.min_stay_days, day),
        segments=tuple(segments),
        day_ms=day,
        lateness_ms=round(policy.time.lateness_minutes * 60_000),
        session_ms=round(policy.browsing.session_minutes * 60_000),
        occasion_ms=int(policy.lifecycle.occasion_days * day),
        undo_days=policy.orders.undo_days,
        warnings=tuple(
            sorted(
                {
                    Problem(source.line(path), message, fix)
                    for path, message, fix in warnings_of(policy, conditions.compiled)
                }
            )
        ),
    )


def _stay(days: float, day_ms: int) -> MinimumStay:
    return MinimumStay(round(days * day_ms), days, day_ms)


def _with_defaults(policy: Policy) -> Policy:
    plain = Policy(name=policy.name)
    return msgspec.structs.replace(plain, lifecycle=policy.lifecycle, rfm=policy.rfm)


class _Conditions:
    """The compiler of a policy's conditions, which reports what is wrong with them; ``compiled`` has them by key."""

    def __init__(self, source: PolicyText, catalogue: Catalogue, policy: Policy) -> None:
        self._source = source
        self._catalogue = catalogue
        self.compiled: dict[Path, Condition] = {}
        self._by_p_alive = isinstance(policy.lifecycle.patience, PAlive)

    def pair(self, path: Path, enter: str, leave: str, lifelong: bool) -> tuple[Condition, Condition]:
        joining = self._compiled((*path, "enter"), enter, lifelong)
        leaving = self._compiled((*path, "leave"), leave, lifelong) if leave.strip() else opposite(joining)
        return entering(joining, leaving), leaving

    def _is_decided(self, name: str) -> bool:
        feature = self._catalogue.features.get(name)
        return feature is not None and bool(feature.parts & DECIDED)

    def _compiled(self, path: Path, text: str, lifelong: bool) -> Condition:
        try:
            condition = compile_condition(text, self._catalogue)
        except ConditionError as error:
            where = f"in `{path[-1]}`, column {error.column}"
            self._source.report(path, f"{where}: {error.message}", error.fix, error.row)
            return compile_condition("true", self._catalogue)
        self.compiled[path] = condition
        circular = [] if lifelong else sorted(filter(self._is_decided, condition.features))
        if circular:
            self._source.report(
                path, f"`{circular[0]}` follows from loyalty, and cannot decide it", "use orders, revenue or days"
            )
        if "p_alive" in condition.features and not self._by_p_alive:
            self._source.report(
                path,
                "`p_alive` is never known under this patience",
                'use method = "p_alive" in [lifecycle.patience], or days_since_order here',
            )
        return condition
