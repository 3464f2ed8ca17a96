"""The history of steps is what the changes say, and what asks for it changes when a look at every hour says so."""

from fractions import Fraction
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import AnyFact
from state.customer.customer import Customer, first_seen
from state.customer.packing import pack, unpack
from state.features.catalogue import catalogue
from state.policy.compiled import CompiledPolicy, read_policy
from state.policy.compiled_ladder import CompiledLadder
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.support.frequent_looks import NOON, decided, events, history_of, look_often
from tests.support.histories import DAY, POLICIES, RULES, decided_only, facts

FUNCTIONS = ("days_since_entered", "days_since_left", "total_days_in", "times_entered")
Move = tuple[int, str, str]
"""The instant, the ladder or segment, and the step after, or whether the segment was joined."""


def places_of(policy: str) -> tuple[str, ...]:
    """Return the steps of a policy, as ``ladder:step``."""
    return tuple(f"{it.key}:{step.key}" for it in RULES[policy].compiled.ladders for step in it.steps)


@cache
def asking(policy: str, places: tuple[str, ...]) -> Rulebook:
    """Return the rules of a policy with a segment that asks everything about some of the steps."""
    calls = [f"{function}(step = '{place}')" for function in FUNCTIONS for place in places]
    segment = f'[[segments]]\nkey = "asks"\nname = "Asks"\nenter = "{" < 0 or ".join(calls)} < 0"'
    return Rulebook(read_policy(f"{POLICIES[policy]}\n{segment}", catalogue))


@given(st.data(), facts(), st.sampled_from(sorted(it for it in POLICIES if RULES[it].compiled.ladders)))
def test_history_is_what_the_changes_say(data: st.DataObject, history: list[AnyFact], policy: str) -> None:
    places = data.draw(st.sampled_from((places_of(policy), places_of(policy)[:1])))
    rules = asking(policy, places)
    end = history[-1].at + data.draw(st.sampled_from((0, 1, 5 * DAY, 60 * DAY)))
    truth = decide_history(history, end, rules)
    assert truth is not None
    customer, features = truth.customer, rules.compiled.catalogue.features
    until = end + 300 * DAY if customer.due is None else customer.due - 1
    at = data.draw(st.integers(end, max(end, until)))
    moves = [it.change for it in truth.published if it.change.direction is not None]
    for place in places:
        ladder, _, step = place.partition(":")
        began = [it.at for it in moves if (it.key, it.to) == (ladder, step)]
        ended = [it.at for it in moves if (it.key, it.from_) == (ladder, step)]
        stays = list(zip(began, [*ended, at], strict=False))
        found = {it: features[f'{it}(step="{place}")'].formula.exact(customer, at, 0) for it in FUNCTIONS}
        assert found == {
            "days_since_entered": Fraction(at - began[-1], DAY) if began else None,
            "days_since_left": Fraction(at - ended[-1], DAY) if ended else None,
            "total_days_in": Fraction(sum(until - since for since, until in stays), DAY),
            "times_entered": len(began),
        }
    left = {f"{it.key}:{it.from_}" for it in moves if it.from_ != "none"}
    assert set(customer.past_steps) == left & rules.compiled.remembered_steps
    assert decided_only(unpack(pack(customer))) == decided_only(customer)


# What moves is asked so that it begins at a whole hour: so all stays end at one as well.
LADDERS = (
    ("warmth", (("warm", "days_since_visit < 2", ""),)),
    ("tier", (("gold", "orders_7d >= 2", "days_since_order >= 3"), ("silver", "orders_30d >= 1", "orders_7d == 0"))),
    (
        "trust",
        (
            ("high", 'total_days_in(step="tier:gold") >= 4.25', 'days_since_left(step="tier:gold") >= 5'),
            ("some", 'times_entered(step="warmth:warm") >= 2', 'days_since_entered(step="warmth:warm") >= 6.5'),
            ("low", 'step("tier") == "silver" and days_since_entered(step="tier:silver") >= 1.5', ""),
        ),
    ),
)
SEGMENTS = (
    ("fallen", 'days_since_left(step="tier:gold") < 3.75 and not step("tier") == "gold"', ""),
    (
        "settled",
        'total_days_in(step="tier:silver") >= 2 * total_days_in(step="tier:gold") and orders >= 1',
        'times_entered(step="trust:low") >= 2 or total_days_in(step="warmth:warm") >= 5.5',
    ),
    ("cooling", 'days_since_left(step="warmth:warm") >= 1 and days_since_left(step="trust:some") < 9', ""),
)


@cache
def rulebook(stay: float, grace: float) -> Rulebook:
    """Rules with these ladders and segments; the steps of the second ladder have the durations."""
    text = 'name = "p"\n'
    for ladder, steps in LADDERS:
        text += f"[[ladders]]\nkey = '{ladder}'\nname = 'N'\n"
        for key, enter, leave in steps:
            text += f"[[ladders.steps]]\nkey = '{key}'\nname = 'N'\nenter = '{enter}'\nleave = '{leave}'\n"
            text += f"min_stay_days = {stay}\ngrace_days = {grace}\n" if ladder == "tier" else ""
    for key, enter, leave in SEGMENTS:
        text += f"[[segments]]\nkey = '{key}'\nname = 'N'\nenter = '{enter}'\nleave = '{leave}'\n"
    return Rulebook(read_policy(text, catalogue))


class Looking:
    """A customer who is looked at very often: the rules of ladders and segments, without any deadline."""

    def __init__(self, policy: CompiledPolicy, customer: Customer) -> None:
        self.policy, self.customer = policy, customer
        self.held: dict[str, int] = {}
        self.moves: list[Move] = []

    def look(self, at: int) -> None:
        for ladder in self.policy.ladders:
            before = self.customer.steps.get(ladder.key, ("none", 0))[0]
            after = self.step_after(ladder, at)
            if after != before:
                self.held.pop(ladder.key, None)
                every = {f"{ladder.key}:{it.key}" for it in ladder.steps}
                self.customer.move_to_step(ladder.key, None if after == "none" else after, at, every)
                self.moves.append((at, ladder.key, after))
        for segment in self.policy.segments:
            is_in = segment.key in self.customer.memberships
            if not is_in and segment.enter.holds(self.customer, at):
                self.customer.memberships[segment.key] = at
                self.moves.append((at, segment.key, "in"))
            elif is_in and segment.leave.holds(self.customer, at):
                del self.customer.memberships[segment.key]
                self.moves.append((at, segment.key, "out"))

    def step_after(self, ladder: CompiledLadder, at: int) -> str:
        keys = [it.key for it in ladder.steps]
        key, since = self.customer.steps.get(ladder.key, ("none", 0))
        place = keys.index(key) if key in keys else len(keys)
        for better in ladder.steps[:place]:
            if better.enter.holds(self.customer, at):
                return better.key
        if key == "none" or not ladder.steps[place].leave.holds(self.customer, at):
            self.held.pop(ladder.key, None)
            return key
        held = self.held.setdefault(ladder.key, at)
        if at < held + ladder.steps[place].grace.ms or at < since + ladder.steps[place].stay.ms:
            return key
        return next((it.key for it in ladder.steps[place + 1 :] if it.enter.holds(self.customer, at)), "none")


@settings(max_examples=settings().max_examples // 2)  # an example is thousands of looks
@given(st.sampled_from((0, 2.5)), st.sampled_from((0, 1, 4.25)), events)
def test_what_asks_for_it_changes_at_the_instants_that_a_look_at_every_hour_finds(
    stay: float, grace: float, drawn: list[tuple[int, str]]
) -> None:
    rules, history = rulebook(stay, grace), history_of(drawn)
    decisions = decided(rules, history)
    often = Looking(rules.compiled, first_seen(NOON))
    look_often(rules, history, often.customer, often.look)
    assert [(it.at, it.key or "", it.to) for it, _ in decisions if it.key is not None] == often.moves
