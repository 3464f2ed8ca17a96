"""The stages of the lifecycle: the first that fits is a customer's, and a step is named by the earlier one of two."""

from collections.abc import Iterator, Sequence

from state.conditions.condition import Condition
from state.conditions.explain import Reason
from state.conditions.nodes import Comparison, FeatureRef, Literal
from state.customer.apply_event import OrderEffect
from state.customer.customer import EXCLUDED, Customer
from state.customer.silence import SILENCES, Silence
from state.policy.compiled_stages import CompiledStage, first_fit
from state.policy.stage_checks import INCLUDED, REVERTED

NOTHING_ELSE = "no other stage fits"
_SILENCE = frozenset(("silence",))
_LOYAL = frozenset(("loyal",))


class Stages:
    """The stages of a policy. Who fits none of the others is in the last one; everybody begins there: ``first``."""

    def __init__(self, stages: Sequence[CompiledStage]) -> None:
        (*others, last) = self._stages = stages
        self.first = last.key
        self._fitting = first_fit(stages)
        self._by_silence = {it: key for it in SILENCES if (key := _told_by(it, others)) is not None}
        self._places = {it.key: place for place, it in enumerate(stages)}
        self._names = dict(_names(stages))
        self._movers = dict(_movers(stages))
        self._of_silence = frozenset(it.key for it in stages for part in it.conditions if "silence" in part.names)

    def fitting(self, customer: Customer, at: int) -> str:
        """Return the stage that fits a customer at ``at``."""
        known = self._by_silence.get(customer.silence)
        return self._fitting.now(customer, at) if known is None else known

    def can_change(self, stage: str) -> bool:
        """Tell whether a stage can ever end by time alone, as long as silence and loyalty stay as they are."""
        return bool(self._movers.get(stage))

    def next_change(self, customer: Customer, at: int, until: int) -> int | None:
        """Return the first instant after ``at``, up to ``until``, at which another stage fits by itself, or None.

        Silence and loyalty are as they are at ``at``.
        """
        first = None
        for condition in self._movers.get(customer.stage, ()):
            begins = condition.begins(customer, at, until)
            if begins is not None:
                first = until = begins
        return first

    def next_step(
        self, customer: Customer, silence: tuple[Silence, int], loyalty_at: int | None, change_at: int | None
    ) -> tuple[str, int] | None:
        """Return the name and the instant of what comes next, by the next silence or before it; None if nothing does.

        Loyalty changes at ``loyalty_at``, and what else decides the stage at ``change_at``; each is taken alone.
        """
        longer, silent_at = silence
        if loyalty_at is not None and loyalty_at < silent_at and (change_at is None or loyalty_at <= change_at):
            since = customer.loyal_since
            customer.loyal_since = loyalty_at if since is None else None
            to = self.fitting(customer, loyalty_at)
            customer.loyal_since = since
            if to != customer.stage:
                return self.name(customer.stage, to), loyalty_at
        if change_at is not None and change_at < silent_at:
            return self.name(customer.stage, self.fitting(customer, change_at)), change_at
        customer.silence, now = longer, customer.silence
        to = self.fitting(customer, silent_at)
        customer.silence = now
        return None if to == customer.stage else (self.name(customer.stage, to), silent_at)

    def name(self, before: str, to: str, effect: OrderEffect = OrderEffect.NONE, *, more_silent: bool = False) -> str:
        """Return the name of the step from one stage to another, by an event with this effect."""
        if before == EXCLUDED:
            return INCLUDED
        if effect is OrderEffect.UNDONE and not more_silent:
            return REVERTED
        name = self._names.get((before, to))
        return self._stages[self._places[to]].entered if name is None else name

    def reads_silence(self, before: str, to: str) -> bool:
        """Tell whether the conditions of one of two stages read the silence."""
        return before in self._of_silence or to in self._of_silence

    def why(
        self, customer: Customer, at: int, to: str, effect: OrderEffect, silence_why: Sequence[str], loyal_why: str
    ) -> str:
        """Return why a customer goes from their stage to another one.

        ``silence_why`` and ``loyal_why`` are why these have changed, empty if they have not.
        """
        entered = self._stages[self._places[to]]
        left = self._stages[self._places[customer.stage]] if customer.stage in self._places else None
        said = [*silence_why]
        if (
            left is not None
            and left.has_leave
            and left.leave is not None
            and self._places[left.key] < self._places[to]
            and left.leave.holds(customer, at)
        ):
            said += _words(left.leave.reasons(customer, at), silence_why, loyal_why)
        if silence_why and to == self._by_silence.get(customer.silence):
            pass  # its condition asks for the silence alone
        elif entered.enter is not None and entered.enter.holds(customer, at):
            reasons = _crossed(entered.enter.reasons(customer, at), from_above=effect is OrderEffect.UNDONE)
            said += _words(reasons, silence_why, loyal_why)
        else:
            said.append(NOTHING_ELSE)
        return "; ".join(dict.fromkeys(said))


def _words(reasons: Sequence[Reason], silence_why: Sequence[str], loyal_why: str) -> Iterator[str]:
    """Yield reasons in words, those of silence and of loyalty by why these have changed, if they have."""
    for reason in reasons:
        if loyal_why and reason.names == _LOYAL:
            yield from loyal_why.split("; ")
        elif not (silence_why and reason.names == _SILENCE):
            yield reason.text


def _crossed(reasons: Sequence[Reason], *, from_above: bool) -> list[Reason]:
    """Return the reasons with only one of two limits of a value: that below it, or the other one."""
    limits = {(limit.value, limit.up) for it in reasons if it.proof and (limit := it.proof.limit) is not None}
    return [
        it
        for it in reasons
        if it.proof is None
        or (limit := it.proof.limit) is None
        or limit.up is not from_above
        or (limit.value, not limit.up) not in limits
    ]


def _told_by(silence: Silence, stages: Sequence[CompiledStage]) -> str | None:
    """Return the stage that a silence alone tells, None if it tells none."""
    for stage in stages:
        test = None if stage.enter is None else stage.enter.tree
        match test:
            case Comparison(sign="==", left=FeatureRef(feature), right=Literal(str(text))) if (
                feature.name == "silence" and not stage.has_leave
            ):
                if text == silence:
                    return stage.key
            case _:
                return None
    return None


def _names(stages: Sequence[CompiledStage]) -> Iterator[tuple[tuple[str, str], str]]:
    for place, earlier in enumerate(stages):
        for later in stages[place + 1 :]:
            yield (later.key, earlier.key), earlier.entered
            yield (earlier.key, later.key), earlier.left


def _movers(stages: Sequence[CompiledStage]) -> Iterator[tuple[str, Sequence[Condition]]]:
    """Yield for each stage the conditions that can begin to hold by themselves, and then end it."""
    before: list[Condition] = []
    for stage in stages[:-1]:
        assert stage.enter is not None and stage.leave is not None
        yield stage.key, [it for it in (*before, stage.leave) if it.may_begin]
        before.append(stage.enter)
    yield stages[-1].key, [it for it in before if it.may_begin]
