"""Functions of traits that are texts: how one begins, and what stands in it."""

from collections.abc import Iterator

from state.conditions.features import Feature
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.conditions.kind import Kind
from state.customer.customer import Customer
from state.customer.parts import TRAITS

_TRAIT = Parameter(name="trait", sort=Sort.TRAIT, kinds=(Kind.TEXT,))
_TEXT = Parameter(name="text", sort=Sort.TEXT)


def trait_functions() -> Iterator[Function]:
    """Yield the functions."""

    def starts_with(name: str, trait: str, text: str) -> Feature:
        return _flag(name, f"whether {trait} begins with {text}", trait, Formula(_starts_with, trait=trait, text=text))

    def contains(name: str, trait: str, text: str) -> Feature:
        return _flag(name, f"whether {text} stands in {trait}", trait, Formula(_contains, trait=trait, text=text))

    def _flag(name: str, meaning: str, trait: str, formula: Formula) -> Feature:
        return Feature(name=name, unit="", meaning=meaning, parts=TRAITS, formula=formula, traits=(trait,))

    yield Function(
        name="starts_with",
        parameters=(_TRAIT, _TEXT),
        feature=starts_with,
        meaning="whether a trait begins with a text",
        example='starts_with(traits.postcode, "10")',
    )
    yield Function(
        name="contains",
        parameters=(_TRAIT, _TEXT),
        feature=contains,
        meaning="whether a text stands in a trait",
        example='contains(traits.title, "CEO")',
    )


def _starts_with(customer: Customer, trait: str, text: str) -> bool | None:
    return known.startswith(text) if isinstance(known := customer.traits.get(trait), str) else None


def _contains(customer: Customer, trait: str, text: str) -> bool | None:
    return text in known if isinstance(known := customer.traits.get(trait), str) else None
