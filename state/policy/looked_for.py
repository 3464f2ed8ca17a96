"""Texts that conditions look for in lists, which no bound may cut off."""

from collections.abc import Iterator

from state.conditions.nodes import Comparison, FeatureRef, Literal, Test, leaves_of, traits_of


def categories_in(tree: Test) -> Iterator[str]:
    """Yield the categories that a condition looks for."""
    for leaf in leaves_of(tree):
        match leaf:
            case Comparison(left=Literal(str(name)), right=FeatureRef(feature)) if feature.name == "categories":
                yield name


def listed_in(tree: Test) -> Iterator[str]:
    """Yield the texts that a condition looks for in traits."""
    for leaf in leaves_of(tree):
        match leaf:
            case Comparison(sign="in" | "not in", left=Literal(str(text))) if traits_of(leaf):
                yield text
