"""Audiences: who joins and leaves by the segment rules, all of them or those that an event can have touched."""

from collections.abc import Sequence

from schemas.transition import Cause, Change
from state.conditions.condition import holds_each, hopes_each
from state.customer import Customer
from state.membership import Rule
from state.policy.compiled import CompiledSegment

Ruled = tuple[CompiledSegment, Rule]


def ruled(segments: Sequence[CompiledSegment]) -> list[Ruled]:
    """Each segment with its rule of membership."""
    return [(it, Rule(it.enter, it.leave, it.min_stay_ms)) for it in segments]


class Audiences:
    """Some segments of a policy, decided together: what several of their conditions read is read once."""

    def __init__(self, segments: Sequence[Ruled]) -> None:
        self._segments = segments
        pairs = [(segment.key, rule.enter, rule.leave) for segment, rule in segments]
        self._truths = holds_each(pairs)
        self._hopes = hopes_each(pairs)
        self._touched: dict[int, Audiences] = {}

    def __len__(self) -> int:
        return len(self._segments)

    def touched_by(self, aspects: int) -> "Audiences":
        """Those whose conditions read one of these aspects of a customer."""
        touched = self._touched.get(aspects)
        if touched is None:
            touched = self._touched[aspects] = Audiences(
                [it for it in self._segments if (it[1].enter.aspects | it[1].leave.aspects) & aspects]
            )
        return touched

    def decide(self, customer: Customer, at: int, cause: Cause) -> tuple[Sequence[bool], list[tuple[Change, str]]]:
        """Let the customer join and leave; returns who may change sides still, and the changes with their reasons.

        Who changes sides may not change back at once: ``enter`` never holds while ``leave`` does.
        """
        memberships = customer.memberships
        changing: Sequence[bool] = self._truths(customer, at, memberships)
        changes: list[tuple[Change, str]] = []
        if True in changing:
            left = list(changing)
            for row, (segment, rule) in enumerate(self._segments):
                entered = memberships.get(segment.key)
                if not changing[row] or (entered is not None and at < entered + rule.stay):
                    continue
                left[row] = False
                if entered is None:
                    why = rule.enter.why(customer, at)
                    memberships[segment.key] = at
                    changes.append((Change(at, segment.key, segment.name, "out", "in", cause), why))
                else:
                    why = rule.leave.why(customer, at)
                    del memberships[segment.key]
                    changes.append((Change(at, segment.key, segment.name, "in", "out", cause), why))
            changing = left
        return changing, changes

    def next_change(self, customer: Customer, at: int, changing: Sequence[bool], until: int) -> int | None:
        """The first instant after ``at``, up to ``until``, at which one of them changes by itself; None for none.

        ``changing`` is what ``decide`` has returned for ``at``.
        """
        first: int | None = None
        memberships = customer.memberships
        hopes = self._hopes(customer, at, until, memberships)
        if True in hopes or True in changing:
            for row, (segment, rule) in enumerate(self._segments):
                if changing[row] or hopes[row]:
                    entered = memberships.get(segment.key)
                    change = rule.next_change(customer, at, entered, changing[row], until)
                    if change is not None:
                        first = until = change
        return first

    def are_restless(self, customer: Customer) -> bool:
        """Whether one of them could change by itself, sooner or later."""
        memberships = customer.memberships
        return any(rule.is_restless(memberships.get(segment.key)) for segment, rule in self._segments)
