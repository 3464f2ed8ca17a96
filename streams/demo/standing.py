"""What stands of everything that was published: each customer's way through the stages and the segments."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.instant import from_text
from schemas.transition import StageChanged, StageProperties, Transition, decode


@dataclass(frozen=True, slots=True)
class Step:
    """A change that stands: its instant (ms since 1970), the transition's or the segment's name, and why."""

    at: int
    seq: int
    name: str
    to: str
    why: str


@dataclass(slots=True)
class Standing:
    """The steps of each customer in order, and the ``seq`` of the last record of each.

    ``published``, ``corrections`` and ``retracted`` count the records.
    """

    stages: dict[str, list[Step]] = field(default_factory=dict)
    segments: dict[str, dict[str, list[Step]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    published: int = 0
    corrections: int = 0
    retracted: int = 0

    def by_name(self) -> Counter[str]:
        """How often each lifecycle transition stands."""
        return Counter(step.name for steps in self.stages.values() for step in steps)

    def by_segment(self) -> Counter[tuple[str, str]]:
        """How often each segment was entered (``in``) and left (``out``)."""
        return Counter(
            (key, step.to) for of_one in self.segments.values() for key, steps in of_one.items() for step in steps
        )

    def members(self) -> Counter[str]:
        """How many customers are in each segment in the end."""
        return Counter(
            key for of_one in self.segments.values() for key, steps in of_one.items() if steps[-1].to == "in"
        )


def standing(values: Iterable[bytes]) -> Standing:
    """Read every value of the transitions topic, in any order, and leave out what was retracted."""
    found = Standing()
    published: dict[str, Transition] = {}
    retracted: set[str] = set()
    for value in values:
        transition = decode(value)
        found.published += 1
        found.corrections += transition.properties.correction
        seq = found.seqs.get(transition.user_id, 0)
        found.seqs[transition.user_id] = max(seq, transition.properties.seq)
        if transition.properties.retracted:
            retracted.add(transition.message_id.removesuffix(".retracted"))
        else:
            published[transition.message_id] = transition
    found.retracted = len(retracted)
    steps = [(_step(it), it) for message_id, it in published.items() if message_id not in retracted]
    for step, it in sorted(steps, key=lambda pair: (pair[0].at, pair[0].seq)):
        if isinstance(it, StageChanged):
            found.stages.setdefault(it.user_id, []).append(step)
        else:
            key = it.properties.audience_key
            found.segments.setdefault(it.user_id, {}).setdefault(key, []).append(step)
            found.names[key] = step.name
    return found


def _step(transition: Transition) -> Step:
    said = transition.properties
    name = said.transition if isinstance(said, StageProperties) else said.audience_name
    return Step(from_text(transition.timestamp), said.seq, name, said.to, said.why or "")


def stages_at(steps: Mapping[str, list[Step]], seen: Mapping[str, int], cuts: Iterable[int]) -> list[Counter[str]]:
    """The customers by stage just before each instant (ascending).

    ``seen`` says since when a customer is known: from then to their first step they are a prospect.
    """
    counts: list[Counter[str]] = []
    moves = [(at, customer, "prospect") for customer, at in seen.items()]
    moves += [(step.at, customer, step.to) for customer, way in steps.items() for step in way]
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
