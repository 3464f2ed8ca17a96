"""The first fit: an ordered list of keys with conditions, compiled into one function that returns the first to fit."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from state.conditions.codegen import CodeWriter, Sure
from state.conditions.condition import Condition
from state.conditions.generated_code import source_of
from state.customer.customer import Customer


class Fit(NamedTuple):
    """A key, the condition by which it is entered, and the one by which whoever has it loses it, None if none is given.

    Without one, that is that the first no longer holds.
    """

    key: str
    enter: Condition
    leave: Condition | None


class FirstFit:
    """The keys of one catalogue in their order, and ``last``, which fits everybody."""

    def __init__(self, fits: Sequence[Fit], last: str) -> None:
        self._fits = fits
        self._last = last

    @cached_property
    def now(self) -> Callable[[Customer, int], str]:
        """Of (customer, at): the first key that fits; which one the customer has is read from the stage."""
        if not self._fits:
            return lambda customer, at: self._last
        writer = CodeWriter(self._fits[0].enter.catalogue)
        sure: Sure = set()
        # Each test is evaluated after all those before it, so what these read for certain is there.
        tests = [f"{it.key!r} if {self._test(it, writer, sure)} else " for it in self._fits]
        return writer.function("stage", "the stages", f"{''.join(tests)}{self._last!r}")

    @property
    def code(self) -> str:
        """The source of ``now``."""
        return source_of(self.now) if self._fits else ""

    def _test(self, it: Fit, writer: CodeWriter, sure: Sure) -> str:
        if it.leave is None:
            return writer.test(it.enter.tree, sure)
        stays = f"not {writer.test(it.leave.tree, set(sure))}"
        return f"({stays} if customer.stage == {it.key!r} else {writer.test(it.enter.tree, set(sure))})"
