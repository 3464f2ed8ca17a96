"""Customers whom the policy forgets: order of arrival, ticks, restarts and being removed make no difference."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.change import Publication
from schemas.events import AnyFact
from schemas.transition import encode
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.existence import makes_exist
from state.timeline.history import decide_history
from state.timeline.receive import receive
from state.timeline.snapshot import dump, load
from state.timeline.timeline import Timeline, apply_facts, begin
from tests.laws.test_timeline import left_standing
from tests.support.histories import DAY, POLICIES, Arrival, arrivals, decided, facts, remembered

AFTER = 200 * DAY
KEPT = "[retention]\nforget_prospects_after_days = {}\nforget_churned_after_days = {}\n"


def with_retention(text: str, days: tuple[float, float]) -> Rulebook:
    """A policy of the laws that forgets customers besides."""
    head, mark, rest = text.partition("\n[")
    return Rulebook(read_policy(head + "\n" + KEPT.format(*days) + mark + rest, catalogue))


RULES = [
    with_retention(text, days)
    for text in POLICIES.values()
    if "lifecycle.stages" not in text
    for days in ((1, 1), (3, 2), (8.5, 30))
]


class Stream:
    """One customer as a partition group keeps them: removed as soon as nothing more need be known."""

    def __init__(self, order: list[Arrival], end: int, ticks: list[int], rulebook: Rulebook, reload: bool) -> None:
        lateness = rulebook.compiled.lateness_ms
        self.published: list[Publication] = []
        self.timeline: Timeline | None = None
        self.removed = 0
        moments = sorted(
            [(it.at, 1, number, it) for number, it in enumerate(order)] + [(at, 2, 0, None) for at in ticks]
        )
        for at, _, _, arrival in [*moments, (end, 2, 0, None)]:
            new: list[AnyFact] = []
            timeline = self.timeline
            if arrival is not None and (timeline is not None or makes_exist(arrival.fact)):
                timeline = timeline or begin(arrival.fact.at)
                receive(timeline, new, arrival.fact, lateness)
            if timeline is None:
                continue
            self.published += apply_facts(timeline, new, at, at - lateness, rulebook, [])
            self.timeline = load(dump(timeline, rulebook), rulebook) if reload else timeline
            if timeline.is_gone(at):
                self.timeline = None
                self.removed += 1


def numbers(published: list[Publication]) -> None:
    """Check that numbers follow each other, and begin anew behind whoever is forgotten, and in a life after that.

    What is corrected of a life that is over is told behind its end, and has numbers of its own.
    """
    seq, is_over = 0, False
    for it in published:
        assert it.seq == seq + 1 or (is_over and it.seq == 1)
        seq = it.seq
        if it.change.is_forgotten:
            is_over = not it.retracted
            seq = 0 if is_over else seq


@given(st.data())
def test_a_stream_ends_as_the_whole_history_does(data: st.DataObject) -> None:
    rulebook = data.draw(st.sampled_from(RULES))
    history = remembered(data.draw(facts()), rulebook)
    order = data.draw(arrivals(history, rulebook.compiled.lateness_ms))
    end = max(it.at for it in order) + data.draw(st.sampled_from((0, 8 * DAY, AFTER)))
    moments = st.integers(history[0].at, end)
    ticks = [data.draw(moments) for _ in range(data.draw(st.integers(0, 6)))]
    truth = decide_history([it.fact for it in order], end, rulebook)
    assert truth is not None
    stream = Stream(order, end, ticks, rulebook, data.draw(st.booleans()))
    assert left_standing(stream.published) == left_standing(truth.published)
    numbers(stream.published)
    numbers(truth.published)
    alive = stream.timeline is not None and stream.timeline.head.stage != "forgotten"
    assert alive == (truth.existing is not None)
    if stream.timeline is not None and alive:
        assert decided(stream.timeline.head) == decided(truth.customer)
    ids = [encode(it, "c", rulebook.version) for it in stream.published]
    assert len({*ids}) == len(ids)
    identities = [(it.change.identity("c"), it.revision, it.retracted) for it in stream.published]
    assert len({*identities}) == len(identities)


@settings(max_examples=settings().max_examples // 2)
@given(facts(), st.sampled_from(RULES))
def test_nothing_of_a_life_is_left_in_the_next(history: list[AnyFact], rulebook: Rulebook) -> None:
    history = remembered(history, rulebook)
    truth = decide_history(history, history[-1].at, rulebook)
    assert truth is not None
    instants = [it.change.at for it in truth.published if it.change.is_forgotten]
    if not instants or truth.existing is None:
        return
    later = [it for it in history if it.at >= instants[-1]]
    again = decide_history(later, history[-1].at, rulebook)
    assert again is not None
    # A further record of an event of the life before is still one, as far as the lateness goes.
    if not [it for it in truth.duplicates if it.at >= instants[-1]] and not again.duplicates:
        assert decided(again.customer)[:7] == decided(truth.customer)[:7]
