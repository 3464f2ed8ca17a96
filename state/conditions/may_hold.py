"""The look-ahead filter: a cheap upper bound that rules out most changes before their instants are computed."""

from state.conditions.catalogue import Catalogue
from state.conditions.codegen import PRESENT, CodeWriter, Sure
from state.conditions.direction import RISES, as_inequalities, direction_of, leaf_monotonicity, may_become_known
from state.conditions.monotone import Direction
from state.conditions.nodes import AllOf, AnyOf, Comparison, Leaf, Not, Operand, Test, sides_of
from state.conditions.precision import Trust, trust_of

START, END = PRESENT, "until"


class MayHoldWriter(CodeWriter):
    """The writer of a function of a span, which takes every operand at its most favourable end.

    ``may_hold`` may be True where the condition holds nowhere in the span, but is never False where it holds somewhere.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue, (START, END))

    def may_hold(self, tree: Test) -> str:
        """Return an expression that is False only if the condition holds at no instant of the span."""
        return self._may_be(tree, True, set())

    def _may_be(self, test: Test, wanted: bool, sure: Sure) -> str:
        match test:
            case Not(part):
                return self._may_be(part, not wanted, sure)
            case AllOf(parts) | AnyOf(parts):
                word = " and " if isinstance(test, AllOf) is wanted else " or "
                seen = sure
                sources = []
                for part in parts:
                    sources.append(self._may_be(part, wanted, seen))
                    seen = set(seen)
                return f"({word.join(sources)})"
            case Comparison() if test.sign in RISES:
                return self._comparison_may_be(test, wanted, sure)
            case Comparison() if test.is_equality_that_moves:
                return self._may_be(as_inequalities(test), wanted, sure)
            case _:
                return self._leaf_may_be(test, wanted, sure)

    def _leaf_may_be(self, leaf: Leaf, wanted: bool, sure: Sure) -> str:
        direction = direction_of(leaf, leaf_monotonicity(leaf))
        if direction is Direction.EITHER:
            return "True"
        self.instant = END if direction is (Direction.UP if wanted else Direction.DOWN) else START
        return self.test(leaf, sure) if wanted else f"(not {self.test(leaf, sure)})"

    def _comparison_may_be(self, leaf: Comparison, wanted: bool, sure: Sure) -> str:
        high_left = RISES[leaf.sign] is wanted
        left = _extreme(leaf.left, high_left)
        right = _extreme(leaf.right, not high_left)
        if left is not None and right is not None:
            source = self.comparison(leaf, sure, (left, right))
            return source if wanted else f"(not {source})"
        if not wanted or trust_of(leaf) is Trust.NONE:
            return "True"
        # What is missing now will be missing later, unless it can become known by itself.
        self.instant = START
        missing = [it for it in sides_of(leaf) if it.nullable and not may_become_known(it)]
        known = [f"{self.operand(it, set(sure))} is not None" for it in missing]
        return f"({' and '.join(known)})" if known else "True"


def _extreme(operand: Operand, high: bool) -> str | None:
    """Return the end of the span at which a number is highest or lowest; None if that is not known."""
    monotonicity = operand.monotonicity
    direction = monotonicity.direction if monotonicity.can_change else Direction.STILL
    if direction is Direction.EITHER:
        return None
    return END if direction is (Direction.UP if high else Direction.DOWN) else START
