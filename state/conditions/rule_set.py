"""The rule set: many rules compiled into one function, which answers for all of them at once."""

from collections.abc import Callable, Container, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from state.conditions.catalogue import Catalogue
from state.conditions.codegen import CodeWriter
from state.conditions.condition import Condition
from state.conditions.generated_code import source_of
from state.conditions.may_hold import MayHoldWriter
from state.customer.customer import Customer

Rule = tuple[str, Condition, Condition]
"""A key, the condition by which it is joined, and the one by which it is left."""
Answers = tuple[bool, ...]


class RuleSet:
    """Rules of one catalogue, evaluated together: one answer for each, in their order.

    For a customer who has joined a key (one in ``joined``), the rule is its leaving condition, otherwise its joining
    condition; a rule may have one condition for both. A feature that several conditions read is read once. The rules
    are compiled three times because they are asked in three ways: a decision about segments usually needs both answers
    (``now_and_later``, which shares all reads), after a change only the second one (``later``), and a decision about
    loyalty needs each at a time of its own. Each function is compiled when it is first used.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        no = (False,) * len(rules)
        self.nothing = no, no
        """What ``now_and_later`` stands for where it is None: no answer of either is yes."""

    @cached_property
    def now(self) -> Callable[[Customer, int, Container[str]], Answers]:
        """Of (customer, at, joined): whether the condition holds at that instant."""
        if not self._rules:
            return lambda customer, at, joined: ()
        writer = CodeWriter(self._catalogue)
        now = self._now(writer)
        return self._compiled("now", writer, now.answers, now)

    @cached_property
    def later(self) -> Callable[[Customer, int, int, Container[str]], Answers]:
        """Of (customer, at, until, joined): whether the condition may begin to hold by itself between the two.

        The answer may be yes where ``Condition.begins`` finds no instant, and is never no where it finds one.
        """
        if not self._rules:
            return lambda customer, at, until, joined: ()
        writer = MayHoldWriter(self._catalogue)
        later = self._later(writer)
        return self._compiled("later", writer, later.answers, later)

    @cached_property
    def now_and_later(self) -> Callable[[Customer, int, int, Container[str]], tuple[Answers, Answers] | None]:
        """Both of (customer, at, until, joined); None where each answer is no, as nearly always."""
        if not self._rules:
            return lambda customer, at, until, joined: None
        writer = MayHoldWriter(self._catalogue)
        now, later = self._now(writer), self._later(writer)
        yes = " or ".join([*now.variables, *later.variables])
        returns = f"({now.answers}, {later.answers}) if {yes} else None"
        return self._compiled("now_and_later", writer, returns, now, later)

    @property
    def code(self) -> str:
        """The source of ``now_and_later``, whose two halves are ``now`` and ``later``."""
        return source_of(self.now_and_later) if self._rules else ""

    @property
    def _catalogue(self) -> Catalogue:
        return self._rules[0][1].catalogue

    def _now(self, writer: CodeWriter) -> "_Answered":
        def holds(condition: Condition) -> str:
            return writer.test(condition.tree, set())

        return self._answered(writer, "changes", holds)

    def _later(self, writer: MayHoldWriter) -> "_Answered":
        def may_hold(condition: Condition) -> str:
            return writer.may_hold(condition.tree) if condition.may_begin else "False"

        return self._answered(writer, "may_change", may_hold)

    def _answered(self, writer: CodeWriter, answer: str, expression: Callable[[Condition], str]) -> "_Answered":
        variables: list[str] = []
        lines: list[str] = []
        for key, enter, leave in self._rules:
            variable = writer.variable(f"{answer}_{key}")
            variables.append(variable)
            if enter is leave:  # asked of everybody alike
                lines += [f"# {key}: {enter.text}", f"{variable} = {expression(enter)}"]
                continue
            for head, action, condition in ((f"if {key!r} in joined", "leaves", leave), ("else", "joins", enter)):
                lines.append(f"{head}:  # {action}: {condition.text}")
                lines.append(f"    {variable} = {expression(condition)}")
        return _Answered(lines, variables)

    def _compiled(self, question: str, writer: CodeWriter, returns: str, *answered: "_Answered") -> Callable[..., Any]:
        return writer.function(
            f"rules_{question}",
            ", ".join(key for key, _, _ in self._rules),
            returns,
            [line for it in answered for line in it.lines],
            ["joined"],
        )


class _Answered(NamedTuple):
    """The lines that answer one question for every rule, and the variables that have the answers."""

    lines: list[str]
    variables: list[str]

    @property
    def answers(self) -> str:
        """The tuple of the answers."""
        return f"({''.join(f'{it}, ' for it in self.variables)})"
