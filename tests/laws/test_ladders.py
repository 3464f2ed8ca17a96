"""Ladders and segments change at the instants that a look at every hour finds, whatever their durations."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from state.customer.customer import Customer, first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import CompiledPolicy, CompiledSegment, read_policy
from state.policy.compiled_ladder import CompiledLadder, CompiledStep
from state.rules.rulebook import Rulebook
from tests.support.frequent_looks import NOON, decided, events, history_of, look_often

Move = tuple[int, str, str, str]
"""The instant, the ladder, and the steps before and after."""
STEPS = (
    ("gold", 'orders_7d >= 2 and step("warmth") == "warm"', "days_since_order > 3"),
    ("silver", "orders_30d >= 1", "orders_7d == 0 or days_since_visit > 5"),
    ("bronze", "days_known >= 2", ""),
)


@cache
def rulebook(durations: tuple[tuple[float, float, float, float], ...]) -> Rulebook:
    """Rules with a ladder that follows another one, given the durations of each step, and a segment with the last."""
    text = 'name = "p"\n[[ladders]]\nkey = "warmth"\nname = "Warmth"\n'
    text += '[[ladders.steps]]\nkey = "warm"\nname = "Warm"\nenter = "days_since_visit <= 2"\ngrace_days = 1.5\n'
    text += '[[ladders]]\nkey = "tier"\nname = "Tier"\n'
    for (key, enter, leave), (stay, grace, period, confirm) in zip(STEPS, durations, strict=True):
        text += f"[[ladders.steps]]\nkey = '{key}'\nname = 'N'\nenter = '{enter}'\nleave = '{leave}'\n"
        text += f"min_stay_days = {stay}\ngrace_days = {grace}\nrequalify_days = {period}\n"
        text += f"confirm_hours = {confirm}\n"
    text += "[[segments]]\nkey = 'busy'\nname = 'Busy'\nenter = 'days_since_visit > 1 and days_since_order < 4'\n"
    stay, _, quiet, confirm = durations[-1]
    text += f"min_stay_days = {stay}\nconfirm_hours = {confirm}\n" + (f"quiet_days = {quiet}\n" if quiet else "")
    return Rulebook(read_policy(text, catalogue))


class Looking:
    """A customer who is looked at very often: the rules of ladders and segments, without any deadline."""

    def __init__(self, policy: CompiledPolicy, customer: Customer) -> None:
        self.ladders, self.segments, self.customer = policy.ladders, policy.segments, customer
        self.held: dict[str, int] = {}
        self.opened: dict[tuple[str, str], int] = {}
        self.joined: dict[str, int] = {}
        self.moves: list[Move] = []

    def look(self, at: int) -> None:
        for ladder in self.ladders:
            before = self.customer.steps.get(ladder.key)
            after = self.step_after(ladder, at)
            if after == (None if before is None else before[0]):
                continue
            self.held.pop(ladder.key, None)
            if after is None:
                del self.customer.steps[ladder.key]
            else:
                self.customer.steps[ladder.key] = after, at
            self.moves.append((at, ladder.key, "none" if before is None else before[0], after or "none"))
            keys = [it.key for it in ladder.steps]
            worse = keys[keys.index(after) :] if after else []
            self.opened = {of: since for of, since in self.opened.items() if of[0] != ladder.key or of[1] not in worse}
        for segment in self.segments:
            joined = self.customer.memberships.get(segment.key)
            last = self.joined.get(segment.key)
            is_quiet = last is not None and at < last + segment.quiet.ms
            if joined is None and self.is_confirmed((segment.key, ""), segment, at) and not is_quiet:
                self.customer.memberships[segment.key] = self.joined[segment.key] = at
                del self.opened[segment.key, ""]
                self.moves.append((at, segment.key, "out", "in"))
            elif joined is not None and at >= joined + segment.stay.ms and segment.leave.holds(self.customer, at):
                del self.customer.memberships[segment.key]
                self.moves.append((at, segment.key, "in", "out"))

    def is_confirmed(self, of: tuple[str, str], rule: CompiledStep | CompiledSegment, at: int) -> bool:
        """Whether `enter` has held for as long as it must, at all looks since it began."""
        if not rule.enter.holds(self.customer, at):
            self.opened.pop(of, None)
            return False
        return at >= self.opened.setdefault(of, at) + rule.confirm.ms

    def step_after(self, ladder: CompiledLadder, at: int) -> str | None:
        keys = [it.key for it in ladder.steps]
        key, since = self.customer.steps.get(ladder.key, (None, 0))
        better = ladder.steps if key is None else ladder.steps[: keys.index(key)]
        confirmed = [it.key for it in better if self.is_confirmed((ladder.key, it.key), it, at)]
        if key is None:
            return confirmed[0] if confirmed else None
        step = ladder.steps[keys.index(key)]
        holds = step.leave.holds(self.customer, at)
        held = self.held.setdefault(ladder.key, at) if holds else self.held.pop(ladder.key, None)
        if confirmed:
            return confirmed[0]
        period = step.requalify.ms
        is_date = not period or (at > since and (at - since) % period == 0)
        if not holds or held is None or at < held + step.grace.ms or at < since + step.stay.ms or not is_date:
            return key
        worse = ladder.steps[keys.index(key) + 1 :]
        return next((it.key for it in worse if it.enter.holds(self.customer, at)), None)


durations = st.tuples(
    st.sampled_from((0, 2.5)),
    st.sampled_from((0, 1, 4.25)),
    st.sampled_from((0, 2.25, 9)),
    st.sampled_from((0, 3, 30, 75)),
)


@settings(max_examples=settings().max_examples // 2)  # an example is thousands of looks
@given(st.tuples(durations, durations, durations), events)
def test_steps_and_segments_change_at_the_instants_that_a_look_at_every_hour_finds(
    of_steps: tuple[tuple[float, float, float, float], ...], drawn: list[tuple[int, str]]
) -> None:
    rules, history = rulebook(of_steps), history_of(drawn)
    decisions = decided(rules, history)
    often = Looking(rules.compiled, first_seen(NOON))
    look_often(rules, history, often.customer, often.look)
    found = [(it.at, it.key or "", it.from_, it.to) for it, _ in decisions if it.key is not None]
    assert found == often.moves
