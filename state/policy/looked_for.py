"""What conditions look for: the texts that must be kept of a list, however long it is."""

from collections.abc import Iterator

from state.conditions.nodes import Comparison, FeatureRef, Literal, Test, leaves_of, traits_of


def texts_in_categories(tree: Test) -> Iterator[str]:
    """Yield the texts that a condition looks for in the categories of orders."""
    for leaf in leaves_of(tree):
        match leaf:
            case Comparison(left=Literal(str(name)), right=FeatureRef(feature)) if feature.name == "categories":
                yield name


def texts_in_lists(tree: Test) -> Iterator[str]:
    """Yield the texts that a condition looks for in traits that are lists."""
    for leaf in leaves_of(tree):
        match leaf:
            case Comparison(sign="in" | "not in", left=Literal(str(text))) if traits_of(leaf):
                yield text
