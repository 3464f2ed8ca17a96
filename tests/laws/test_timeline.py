"""Order of arrival, duplicates and ticks do not change which transitions stand in the end."""

from collections import Counter, defaultdict
from itertools import groupby

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.change import Change, Publication
from schemas.events import AnyFact
from schemas.fact_order import EventIdentity, identity_of
from state.customer.packing import pack, unpack
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from state.timeline.receive import receive
from state.timeline.records_of_event import Conflict
from state.timeline.snapshot import dump, load
from state.timeline.timeline import Timeline, apply_facts, begin
from tests.support.histories import DAY, Arrival, arrivals, decided, facts, remembered, rules

AFTER = 200 * DAY


class Stream:
    """One customer of a partition group: facts arrive one after another, with ticks between them."""

    def __init__(self, order: list[Arrival], end: int, ticks: list[int], rulebook: Rulebook, reload: bool) -> None:
        lateness = rulebook.compiled.lateness_ms
        self.published: list[Publication] = []
        self.counts: Counter[str] = Counter()
        timeline: Timeline | None = None
        moments = sorted(
            [(it.at, 1, number, it) for number, it in enumerate(order)] + [(at, 2, 0, None) for at in ticks]
        )
        for at, _, _, arrival in [*moments, (end, 2, 0, None)]:
            new: list[AnyFact] = []
            if arrival is not None:
                assert arrival.fact.at >= at - lateness
                timeline = timeline or begin(arrival.fact.at)
                receipt = receive(timeline, new, arrival.fact, lateness)
                self.counts["conflict" if isinstance(receipt, Conflict) else receipt.name.lower()] += 1
            if timeline is None:
                continue
            self.published += apply_facts(timeline, new, at, at - lateness, rulebook, [])
            if reload:
                timeline = load(dump(timeline, rulebook), rulebook)
        assert timeline is not None
        self.timeline = timeline


def left_standing(published: list[Publication]) -> Counter[Change]:
    """What was published and not taken back."""
    left: Counter[Change] = Counter()
    for it in published:
        left[it.change] += -1 if it.retracted else 1
    assert all(count in (0, 1) for count in left.values())
    return +left


@given(st.data())
def test_arrival_order_duplicates_and_ticks_make_no_difference(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = remembered(data.draw(facts()), rulebook)
    order = data.draw(arrivals(history, rulebook.compiled.lateness_ms))
    end = max(it.at for it in order) + data.draw(st.sampled_from((0, 8 * DAY, AFTER)))
    moments = st.integers(history[0].at, end)
    ticks = [data.draw(moments) for _ in range(data.draw(st.integers(0, 6)))]
    stream = Stream(order, end, ticks, rulebook, data.draw(st.booleans()))
    truth = decide_history([it.fact for it in order], end, rulebook)
    assert truth is not None
    assert left_standing(stream.published) == Counter(it.change for it in truth.published)
    assert decided(stream.timeline.head) == decided(truth.customer)
    repeated = len(truth.duplicates) + len(truth.conflicts)
    assert stream.counts["applied"] == len(order) - repeated
    assert stream.counts["duplicate"] + stream.counts["conflict"] == repeated
    if not has_chain(history, rulebook.compiled.lateness_ms):
        assert stream.counts["duplicate"] == len(truth.duplicates)


def has_chain(history: list[AnyFact], lateness: int) -> bool:
    """Whether one event has two records that are neither near each other, nor apart from all between them."""
    instants: defaultdict[EventIdentity, set[int]] = defaultdict(set)
    for fact in history:
        instants[identity_of(fact)].add(fact.at)
    return any(max(found) - min(found) > lateness for found in instants.values())


@given(st.data())
def test_records_that_share_ids_make_no_difference_by_their_order(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    shuffled = data.draw(st.permutations(history))
    end = history[-1].at + AFTER
    truth, again = decide_history(history, end, rulebook), decide_history(shuffled, end, rulebook)
    assert truth is not None and again is not None
    assert truth.published == again.published
    assert [(it.fact, it.other) for it in truth.conflicts] == [(it.fact, it.other) for it in again.conflicts]


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_sequence_numbers_and_ids_are_unique(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    order = data.draw(arrivals(history, rulebook.compiled.lateness_ms))
    end = max(it.at for it in order) + AFTER
    published = Stream(order, end, [], rulebook, False).published
    assert [it.seq for it in published] == list(range(1, len(published) + 1))
    ids = [(it.change, it.revision, it.retracted) for it in published]
    assert len(set(ids)) == len(ids)


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_stages_chain_and_instants_never_go_back(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    truth = decide_history(history, history[-1].at + AFTER, rulebook)
    assert truth is not None
    stage, at = "prospect", 0
    members: set[str] = set()
    steps: dict[str, str] = {}
    for it in truth.published:
        change = it.change
        assert change.at >= at
        at = change.at
        if change.key is None:
            assert change.from_ == stage != change.to
            stage = change.to
        elif change.direction:
            assert change.from_ == steps.get(change.key, "none") != change.to
            steps[change.key] = change.to
        elif change.is_republished:
            assert change.key in members
        elif change.to == "in":
            assert change.key not in members
            members.add(change.key)
        elif not change.is_signal:
            members.remove(change.key)
    assert truth.customer.stage == stage
    assert set(truth.customer.memberships) == members
    on = {ladder: step for ladder, step in steps.items() if step != "none"}
    assert {ladder: step for ladder, (step, _) in truth.customer.steps.items()} == on


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_messages_say_the_whole_standing(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    truth = decide_history(history, history[-1].at + AFTER, rulebook)
    assert truth is not None
    stages: list[tuple[str, int]] = [("prospect", history[0].at)]
    members: set[str] = set()
    steps: dict[str, str] = {}
    # One decision is an instant and a cause: all that follows from it has the same figures.
    together = groupby(truth.published, lambda it: (it.change.at, it.change.cause.message_id))
    for _, decided_at_once in together:
        published = list(decided_at_once)
        for it in published:
            if it.change.key is None:
                stages.append((it.change.to, it.change.at))
            elif it.change.direction:
                steps[it.change.key] = it.change.to
            elif not it.change.is_signal:
                (members.add if it.change.to == "in" else members.remove)(it.change.key)
        assume(sum(it.change.key is None for it in published) < 2)  # facts that share an instant and an id
        figures = published[-1].figures
        assert figures is not None
        assert (figures.segments, figures.segment_count) == (tuple(sorted(members)), len(members))
        assert figures.steps == tuple(f"{ladder}:{on}" for ladder, on in sorted(steps.items()) if on != "none")
        before = stages[-2] if len(stages) > 1 else (None, None)
        assert (figures.previous_stage, figures.previous_stage_since) == before


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_nothing_changes_before_it_is_due(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    truth = decide_history(history, history[-1].at, rulebook)
    assert truth is not None
    customer = truth.customer
    for _ in range(4):
        due = customer.due
        end = due - 1 if due is not None else customer.at + AFTER
        asked = unpack(pack(customer))
        asked.due = data.draw(st.integers(asked.at + 1, max(asked.at + 1, end)))
        if due is not None and asked.due >= due:
            return
        decisions: list[Decision] = []
        rulebook.elapse(asked, asked.due, decisions)
        assert decisions == []
        if due is None:
            return
        expected = customer.expected if customer.expected_at == due else None
        rulebook.elapse(customer, due, decisions)
        if expected is not None:
            assert any(expected in (decision.change.to, decision.change.name) for decision in decisions)


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_a_snapshot_holds_all_of_a_timeline(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    order = data.draw(arrivals(history, rulebook.compiled.lateness_ms))
    timeline = Stream(order, order[-1].at, [], rulebook, False).timeline
    again = load(dump(timeline, rulebook), rulebook)
    assert dump(again, rulebook) == dump(timeline, rulebook)
    assert decided(again.head) == decided(timeline.head)
    assert (again.tail.facts, again.twins) == (timeline.tail.facts, timeline.twins)
    assert (again.emitted, again.seq) == (timeline.emitted, timeline.seq)
