"""The report of the policy benchmark: lifestage and its peers on their loads, and the ratios."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bench.comparison import Run
from bench.policy_programs import ByHand
from bench.report import Bar, Bars, Report, Spread, Table
from streams.sources.source import SourceEvent

GOAL_PER_CORE = 25_000
OURS = "lifestage"
_COLUMNS = {
    "wall": "by the clock",
    "cpu": "by its processor time",
    "later": "second half, clock",
    "later_cpu": "second half, processor",
    "memory": "MB at most",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Lifestage and a peer on one load: their runs by title, and how many transitions each of them told in each."""

    title: str
    customers: int
    events: Sequence[SourceEvent]
    peer: ByHand | None
    runs: dict[str, list[Run]] = field(default_factory=dict)
    transitions: list[int] = field(default_factory=list)

    def spread(self, program: str, figure: str) -> Spread:
        """Return a figure of the program's runs."""
        return Spread.over(getattr(run, figure) for run in self.runs[program])

    def ratios(self) -> dict[str, float]:
        """Return lifestage's figures divided by the peer's; the memory is the peer's divided by lifestage's."""
        assert self.peer is not None
        peer = self.peer.title

        def ratio(figure: str, theirs: str) -> float:
            return round(self.spread(OURS, figure).median / self.spread(peer, theirs).median, 2)

        return {
            "by the clock": ratio("wall", "wall"),
            "per processor second": ratio("cpu", "cpu"),
            "to its second half, by the clock": ratio("wall", "later"),
            "to its second half, per processor second": ratio("cpu", "later_cpu"),
            "its memory to lifestage's": round(1 / ratio("memory", "memory"), 2),
        }


def report(comparisons: Sequence[Comparison], left_out: Sequence[str]) -> Report:
    """Return the report of these comparisons, each of which has been run at least once."""
    with_peer = [it for it in comparisons if it.peer is not None]
    ratios = [[it.title, it.peer.title, *it.ratios().values(), it.transitions[-1]] for it in with_peer if it.peer]
    rates = [
        [it.title, title, *(it.spread(title, name) for name in _COLUMNS)] for it in comparisons for title in it.runs
    ]
    topics = _shares(comparisons[0])
    shares = [[it.title, *(f"{_shares(it).get(topic, 0):.1%}" for topic in topics)] for it in comparisons]
    tables = [
        Table("The shipped policy: events a second", ["events", "program", *_COLUMNS.values()], rates),
        Table("The events by topic", ["events", *topics], shares),
    ]
    if with_peer:
        header = ["events", "peer", *with_peer[0].ratios(), "transitions"]
        tables.insert(1, Table("lifestage divided by a peer that told the same transitions", header, ratios))
    panels = {
        it.title: [Bar(title, it.spread(title, "cpu"), ours=title == OURS) for title in it.runs] for it in comparisons
    }
    figures = {"goal_per_core": GOAL_PER_CORE, "loads": {it.title: _figures(it) for it in comparisons}}
    picture = Bars("policy", "The shipped policy", "events a second of processor", panels)
    return Report("policy", figures, tables, [picture], left_out)


def _figures(it: Comparison) -> dict[str, object]:
    return {
        "customers": it.customers,
        "events": len(it.events),
        "topics": _shares(it),
        "transitions": it.transitions,
        "programs": {title: {name: asdict(it.spread(title, name)) for name in _COLUMNS} for title in it.runs},
        "ratios": {} if it.peer is None else {it.peer.title: it.ratios()},
    }


def _shares(it: Comparison) -> dict[str, float]:
    topics = Counter(event.topic for event in it.events)
    return {topic: round(count / len(it.events), 4) for topic, count in topics.most_common()}
