"""The outlook: who may change sides now, and who might by a later instant, asked of many conditions at once."""

from collections.abc import Callable, Container, Sequence
from functools import cached_property
from typing import Any

from state.conditions.codegen import CodeWriter
from state.conditions.condition import Condition
from state.conditions.may_hold import Hope

Pair = tuple[str, Condition, Condition]
"""A key, the condition by which it is joined, and the one by which it is left."""
Answers = tuple[bool, ...]


class RuleSet:
    """What pairs of conditions of one catalogue say of a customer, one answer each, in their order.

    Whoever has joined a key is asked whether they leave, all others whether they enter; ``joined`` are the keys. What
    several conditions read is read once.
    """

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs

    @cached_property
    def now(self) -> Callable[[Any, int, Container[str]], Answers]:
        """Of (customer, t, joined): does the condition hold at t?"""
        if not self._pairs:
            return lambda customer, t, joined: ()
        writer = CodeWriter(self._pairs[0][1].catalogue)
        return writer.compiled(writer.tuple_of(self._held(writer)))

    @cached_property
    def later(self) -> Callable[[Any, int, int, Container[str]], Answers]:
        """Of (customer, t, until, joined): might the condition begin to hold by itself between the two?

        It may say yes where ``Condition.begins`` says no, and never the other way round. What can only come true is
        asked at the end, what can only cease at the start.
        """
        if not self._pairs:
            return lambda customer, t, until, joined: ()
        writer = Hope(self._pairs[0][1].catalogue)
        return writer.compiled(writer.tuple_of(self._hoped(writer)))

    @cached_property
    def now_and_later(self) -> Callable[[Any, int, int, Container[str]], tuple[Answers, Answers]]:
        """Both of (customer, t, until, joined)."""
        if not self._pairs:
            return lambda customer, t, until, joined: ((), ())
        writer = Hope(self._pairs[0][1].catalogue)
        both = [writer.tuple_of(self._held(writer)), writer.tuple_of(self._hoped(writer))]
        return writer.compiled(writer.tuple_of(both))

    def _held(self, writer: CodeWriter) -> list[str]:
        return [
            writer.either(key, writer.test(leave.tree, set()), writer.test(enter.tree, set()))
            for key, enter, leave in self._pairs
        ]

    def _hoped(self, hope: Hope) -> list[str]:
        return [hope.either(key, _hope(hope, leave), _hope(hope, enter)) for key, enter, leave in self._pairs]


def _hope(hope: Hope, condition: Condition) -> str:
    return hope.best(condition.tree) if condition.may_begin else "False"
