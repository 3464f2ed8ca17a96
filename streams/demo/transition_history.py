"""The history of transitions: each customer's way through the stages and segments, without what was retracted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from schemas.change import NO_STEP
from schemas.instant import from_text
from schemas.transition import (
    AudienceEntered,
    AudienceExited,
    CustomerForgotten,
    LadderStepChanged,
    SignalOccurred,
    StageChanged,
    Transition,
    decode,
)
from schemas.transition_properties import LadderProperties, StageProperties


@dataclass(frozen=True, slots=True)
class Step:
    """A change that was not retracted; ``at`` in ms since 1970, ``name`` of the transition or the segment."""

    at: int
    seq: int
    name: str
    to: str
    why: str


@dataclass(slots=True)
class TransitionHistory:
    """The steps of each customer in order, by customer and, for ``segments`` and ``ladders``, by their keys.

    ``names`` are the segments' names by key, ``ladder_names`` those of ladders, ``seqs`` the ``seq`` of each customer's
    last record. ``published``, ``corrections`` and ``retracted`` count records.
    """

    stages: dict[str, list[Step]] = field(default_factory=dict)
    segments: dict[str, dict[str, list[Step]]] = field(default_factory=dict)
    ladders: dict[str, dict[str, list[Step]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ladder_names: dict[str, str] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    published: int = 0
    corrections: int = 0
    retracted: int = 0

    def by_name(self) -> Counter[str]:
        """Count the lifecycle transitions by name."""
        return Counter(step.name for steps in self.stages.values() for step in steps)

    def stages_by_name(self) -> dict[str, str]:
        """Return the stage that each lifecycle transition has led to most often, by its name."""
        counts = Counter((step.name, step.to) for steps in self.stages.values() for step in steps)
        return {name: to for (name, to), _ in sorted(counts.items(), key=lambda it: (it[1], it[0]))}

    def by_segment(self) -> Counter[tuple[str, str]]:
        """Count how often each segment was entered (``in``) and left (``out``)."""
        return Counter(
            (key, step.to) for of_one in self.segments.values() for key, steps in of_one.items() for step in steps
        )

    def members(self) -> Counter[str]:
        """Count the customers in each segment at the end."""
        return Counter(
            key for of_one in self.segments.values() for key, steps in of_one.items() if steps[-1].to == "in"
        )

    def by_step(self) -> Counter[tuple[str, str, str]]:
        """Count how often each step of each ladder was reached (``in``) and left (``out``)."""
        return Counter(
            (ladder, place, way)
            for of_one in self.ladders.values()
            for ladder, steps in of_one.items()
            for before, after in pairwise([NO_STEP, *(step.to for step in steps)])
            for place, way in ((before, "out"), (after, "in"))
            if place != NO_STEP
        )

    def on_steps(self) -> Counter[tuple[str, str]]:
        """Count the customers on each step of each ladder at the end."""
        return Counter(
            (ladder, steps[-1].to)
            for of_one in self.ladders.values()
            for ladder, steps in of_one.items()
            if steps[-1].to != NO_STEP
        )


def build_history(values: Iterable[bytes]) -> TransitionHistory:
    """Build the history from all values of the transitions topic, in any order."""
    history = TransitionHistory()
    published: dict[str, Transition] = {}
    retracted: set[str] = set()
    for value in values:
        transition = decode(value)
        history.published += 1
        history.corrections += transition.properties.correction
        seq = history.seqs.get(transition.user_id, 0)
        history.seqs[transition.user_id] = max(seq, transition.properties.seq)
        if transition.properties.retracted:
            retracted.add(transition.message_id.removesuffix(".retracted"))
        else:
            published[transition.message_id] = transition
    history.retracted = len(retracted)
    standing = [it for message_id, it in published.items() if message_id not in retracted]
    steps = [
        (_step(it), it)
        for it in standing
        if not isinstance(it, SignalOccurred | CustomerForgotten) and not _is_republished(it)
    ]
    for step, it in sorted(steps, key=lambda pair: (pair[0].at, pair[0].seq)):
        if isinstance(it, StageChanged):
            history.stages.setdefault(it.user_id, []).append(step)
        elif isinstance(it, LadderStepChanged):
            ladder = it.properties.ladder_key
            history.ladders.setdefault(it.user_id, {}).setdefault(ladder, []).append(step)
            history.ladder_names[ladder] = step.name
        else:
            key = it.properties.audience_key
            history.segments.setdefault(it.user_id, {}).setdefault(key, []).append(step)
            history.names[key] = step.name
    return history


def _is_republished(transition: Transition) -> bool:
    return isinstance(transition, AudienceEntered) and transition.properties.republished


def _step(transition: StageChanged | LadderStepChanged | AudienceEntered | AudienceExited) -> Step:
    properties = transition.properties
    match properties:
        case StageProperties():
            name = properties.transition
        case LadderProperties():
            name = properties.ladder_name
        case _:
            name = properties.audience_name
    return Step(from_text(transition.timestamp), properties.seq, name, properties.to, properties.why or "")


def count_stages(
    steps: Mapping[str, list[Step]], known_since: Mapping[str, int], instants: Iterable[int], first_stage: str
) -> list[Counter[str]]:
    """Count the customers by stage just before each instant (ascending, ms since 1970).

    From the instant ``known_since`` to their first step, customers are in the ``first_stage``.
    """
    counts: list[Counter[str]] = []
    moves = [(at, customer, first_stage) for customer, at in known_since.items()]
    moves += [(step.at, customer, step.to) for customer, of_one in steps.items() for step in of_one]
    # The sort is stable: at one instant a customer is known first, and then moves in the order of the steps.
    moves.sort(key=lambda move: move[0])
    stage: dict[str, str] = {}
    index = 0
    for instant in instants:
        while index < len(moves) and moves[index][0] < instant:
            _, customer, to = moves[index]
            stage[customer] = to
            index += 1
        counts.append(Counter(stage.values()))
    return counts
