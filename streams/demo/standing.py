"""What stands of everything that was published: each customer's way through the stages and the segments."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from schemas.instant import from_text


class Said(msgspec.Struct):
    """The properties of a transition that its story needs."""

    to: str
    seq: int
    from_: str = msgspec.field(name="from")
    cause: str
    retracted: bool
    correction: bool
    why: str | None = None
    transition: str | None = None
    audience_key: str | None = None
    audience_name: str | None = None
    cause_event: str | None = None


class Published(msgspec.Struct, rename="camel"):
    """A value of the transitions topic."""

    message_id: str
    user_id: str
    timestamp: str
    properties: Said


@dataclass(frozen=True, slots=True)
class Step:
    """A change that stands, and its instant (ms since 1970)."""

    at: int
    said: Said


@dataclass(slots=True)
class Standing:
    """The steps of each customer in order; ``published``, ``corrections`` and ``retracted`` count the records."""

    stages: dict[str, list[Step]] = field(default_factory=dict)
    segments: dict[str, dict[str, list[Step]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    published: int = 0
    corrections: int = 0
    retracted: int = 0

    def by_name(self) -> Counter[str]:
        """How often each lifecycle transition stands."""
        return Counter(step.said.transition or "" for steps in self.stages.values() for step in steps)

    def by_segment(self) -> Counter[tuple[str, str]]:
        """How often each segment was entered (``in``) and left (``out``)."""
        return Counter(
            (key, step.said.to) for of_one in self.segments.values() for key, steps in of_one.items() for step in steps
        )

    def members(self) -> Counter[str]:
        """How many customers are in each segment in the end."""
        return Counter(
            key for of_one in self.segments.values() for key, steps in of_one.items() if steps[-1].said.to == "in"
        )


_decode = msgspec.json.Decoder(Published).decode


def standing(values: Iterable[bytes]) -> Standing:
    """Read every value of the transitions topic, in any order, and leave out what was retracted."""
    found = Standing()
    published: dict[str, Published] = {}
    retracted: set[str] = set()
    for value in values:
        transition = _decode(value)
        found.published += 1
        found.corrections += transition.properties.correction
        if transition.properties.retracted:
            retracted.add(transition.message_id.removesuffix(".retracted"))
        else:
            published[transition.message_id] = transition
    found.retracted = len(retracted)
    steps = [
        (Step(from_text(it.timestamp), it.properties), it.user_id)
        for message_id, it in published.items()
        if message_id not in retracted
    ]
    for step, customer in sorted(steps, key=lambda pair: (pair[0].at, pair[0].said.seq)):
        key = step.said.audience_key
        if key is None:
            found.stages.setdefault(customer, []).append(step)
        else:
            found.segments.setdefault(customer, {}).setdefault(key, []).append(step)
            found.names[key] = step.said.audience_name or key
    return found


def stages_at(steps: Mapping[str, list[Step]], seen: Mapping[str, int], cuts: Iterable[int]) -> list[Counter[str]]:
    """The customers by stage just before each instant (ascending).

    ``seen`` says since when a customer is known: from then to their first step they are a prospect.
    """
    counts: list[Counter[str]] = []
    moves = [(at, customer, "prospect") for customer, at in seen.items()]
    moves += [(step.at, customer, step.said.to) for customer, way in steps.items() for step in way]
    # The sort is stable: at one instant a customer is known first, and then moves in the order of the steps.
    moves.sort(key=lambda move: move[0])
    stage: dict[str, str] = {}
    place = 0
    for cut in cuts:
        while place < len(moves) and moves[place][0] < cut:
            _, customer, to = moves[place]
            stage[customer] = to
            place += 1
        counts.append(Counter(stage.values()))
    return counts
