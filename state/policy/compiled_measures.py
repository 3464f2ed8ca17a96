"""Measures ready for use: values of a customer to which the policy gives names."""

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from schemas.profile import Figure
from state.conditions.catalogue import Catalogue
from state.conditions.errors import ConditionError
from state.conditions.event_filters import WORDS
from state.conditions.exact_test import exact_value
from state.conditions.nodes import Operand, inner_operands, traits_in
from state.conditions.parse_calls import CLAMPED
from state.conditions.parse_operands import parse_value
from state.customer.customer import Customer
from state.policy.shape import Measure, Policy
from state.policy.text import PolicyText
from state.policy.toml_lines import Path

MAX_VALUES = 100
"""So many values a measure reads at most, with those of the measures that it names: they are all calculated anew."""
_DECIMALS = 4
_RESERVED = WORDS | {"traits"}


@dataclass(frozen=True, slots=True)
class CompiledMeasure:
    """A measure that profiles have; ``value(customer, at)``, which reads ``traits``, is None where it is not known."""

    name: str
    traits: frozenset[str]
    value: Callable[[Customer, int], Figure]


def usable_measures(policy: Policy, catalogue: Catalogue, source: PolicyText) -> tuple[dict[str, str], frozenset[str]]:
    """Return the measures of a policy by name, and the names of those that cannot be used, which are reported.

    Each may name those before it. They are read in a copy of the catalogue, since what no condition reads is not
    remembered.
    """
    usable: dict[str, str] = {}
    wrong: set[str] = set()
    for number, measure in enumerate(policy.measures):
        path: Path = ("measures", number)
        if _has_wrong_name(measure, {*usable, *wrong}, catalogue, source, path) or not source.is_read(path):
            wrong.add(measure.name)
            continue
        if not wrong.isdisjoint(re.findall(r"\w+", measure.value)):  # told where that one is
            wrong.add(measure.name)
            continue
        copy = replace(catalogue, features=dict(catalogue.features), measures=usable, measures_read=set())
        try:
            values = sum(1 for _ in inner_operands(parse_value(measure.value, copy)))
            if values > MAX_VALUES:
                told = f"`{measure.name}` reads {values} values"
                raise ConditionError(told, 1, f"name at most {MAX_VALUES}, with those of the measures that it names")
        except ConditionError as error:
            where = f"in `value`, column {error.column}"
            source.report((*path, "value"), f"{where}: {error.message}", error.fix, error.row)
            wrong.add(measure.name)
            continue
        usable[measure.name] = measure.value
    return usable, frozenset(wrong)


def profile_measures(policy: Policy, catalogue: Catalogue) -> tuple[CompiledMeasure, ...]:
    """Return the measures that profiles have: those that a condition reads, and those that are asked for there."""
    values = {it.name: parse_value(it.name, catalogue) for it in policy.measures if it.profile}
    read = catalogue.measures_read
    return tuple(
        _compiled(it.name, values.get(it.name) or parse_value(it.name, catalogue), catalogue)
        for it in policy.measures
        if it.name in read
    )


def _compiled(name: str, operand: Operand, catalogue: Catalogue) -> CompiledMeasure:
    exact = exact_value(operand, catalogue)

    def value(customer: Customer, at: int) -> Figure:
        found = exact(customer, at)
        return round(float(found), _DECIMALS) if isinstance(found, Fraction) else found

    return CompiledMeasure(name, traits_in(inner_operands(operand)), value)


def _has_wrong_name(measure: Measure, taken: set[str], catalogue: Catalogue, source: PolicyText, path: Path) -> bool:
    name = measure.name
    if name in taken:
        told = f"there are two measures `{name}`"
    elif catalogue.has_feature(name):
        told = f"`{name}` is a feature, and cannot be the name of a measure"
    elif name in catalogue.functions or name in CLAMPED:
        told = f"`{name}` is a function, and cannot be the name of a measure"
    elif keyword.iskeyword(name) or name in _RESERVED:
        told = f"`{name}` means something else in conditions"
    else:
        return False
    source.report((*path, "name"), told, "choose another name")
    return True
