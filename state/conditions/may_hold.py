"""Hope: a cheap look ahead, which rules out most of what could change before anyone computes when."""

from state.conditions.codegen import CodeWriter, Sure
from state.conditions.direction import RISES, direction_of, may_become_known, motion_of_leaf, ordered
from state.conditions.features import Catalogue
from state.conditions.monotone import Direction
from state.conditions.nodes import All, Comparison, Leaf, Not, Operand, Some, Test

START, END = "t", "until"


class Hope(CodeWriter):
    """Writes a function of (customer, t, until) that takes every part of a condition at its best in between."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue, (START, END))

    def best(self, tree: Test) -> str:
        """An expression that tells of a condition whether it might hold at some instant of the span."""
        return self._best(tree, True, set())

    def _best(self, test: Test, wanted: bool, sure: Sure) -> str:
        match test:
            case Not(part):
                return self._best(part, not wanted, sure)
            case All(parts) | Some(parts):
                word = " and " if isinstance(test, All) is wanted else " or "
                seen = sure
                sources = []
                for part in parts:
                    sources.append(self._best(part, wanted, seen))
                    seen = set(seen)
                return f"({word.join(sources)})"
            case Comparison() if test.sign in RISES:
                return self._best_comparison(test, wanted, sure)
            case Comparison() if test.motion.moves:
                return self._best(ordered(test), wanted, sure)
            case _:
                return self._best_leaf(test, wanted, sure)

    def _best_leaf(self, leaf: Leaf, wanted: bool, sure: Sure) -> str:
        direction = direction_of(leaf, motion_of_leaf(leaf))
        if direction is Direction.EITHER:
            return "True"
        self.instant = END if direction is (Direction.UP if wanted else Direction.DOWN) else START
        return self.test(leaf, sure) if wanted else f"(not {self.test(leaf, sure)})"

    def _best_comparison(self, leaf: Comparison, wanted: bool, sure: Sure) -> str:
        high_left = RISES[leaf.sign] is wanted
        left = self._reading(leaf.left, high_left, wanted)
        right = self._reading(leaf.right, not high_left, wanted)
        if left is None or right is None:
            if not wanted:
                return "True"
            # What is missing now will not hold later, where it cannot become known by itself.
            self.instant = START
            missing = [it for it in (leaf.left, leaf.right) if it.nullable and not may_become_known(it)]
            known = [f"{self.operand(it, set(sure))} is not None" for it in missing]
            return f"({' and '.join(known)})" if known else "True"
        guards, one, two = self._sides(leaf.left, leaf.right, sure, instants=(left, right))
        if leaf.steadied:
            one, two = f"round({one}, 10)", f"round({two}, 10)"
        source = f"({' and '.join([*guards, f'{one} {leaf.sign} {two}'])})"
        return source if wanted else f"(not {source})"

    def _reading(self, operand: Operand, high: bool, wanted: bool) -> str | None:
        motion = operand.motion
        direction = motion.direction if motion.moves else Direction.STILL
        if direction is Direction.EITHER:
            return None
        return END if direction is (Direction.UP if high else Direction.DOWN) else START
