"""A request to republish tells a member again, once, at its place in the order, and changes nothing else."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_fields

from schemas.change import Publication
from schemas.events import AnyFact, RepublishRequested
from state.rules.rulebook import Rulebook
from state.timeline.history import History, decide_history
from tests.laws.test_timeline import AFTER, Stream, left_standing
from tests.support.histories import Arrival, arrivals, decided, facts, remembered, requests, rules


def others(published: Iterable[Publication]) -> list[Publication]:
    """What was published and is no republication, without its number."""
    return [with_fields(it, seq=0) for it in published if not it.change.is_republished]


def drawn(data: st.DataObject) -> tuple[Rulebook, list[AnyFact], list[AnyFact]]:
    """Rules, a history in which nobody asks, and requests about the same customer."""
    rulebook = data.draw(rules)
    history: list[AnyFact] = remembered(data.draw(facts()), rulebook)
    history = [it for it in history if not isinstance(it, RepublishRequested)]
    return rulebook, history, data.draw(requests(history, rulebook))


def decided_until(history: list[AnyFact], end: int, rulebook: Rulebook) -> History:
    truth = decide_history(history, end, rulebook, "c1")
    assert truth is not None
    return truth


@given(st.data())
def test_a_request_is_answered_once_by_who_is_a_member_and_changes_nothing_else(data: st.DataObject) -> None:
    rulebook, history, asked = drawn(data)
    end = max(it.at for it in (*history, *asked)) + data.draw(st.sampled_from((0, AFTER)))
    plain, truth = decided_until(history, end, rulebook), decided_until([*history, *asked], end, rulebook)
    assert others(truth.published) == others(plain.published)
    assert decided(truth.customer) == decided(plain.customer)
    assert (truth.customer.at, truth.customer.due) == (plain.customer.at, plain.customer.due)
    assert [it.seq for it in truth.published] == list(range(1, len(truth.published) + 1))
    assert truth.refused == []

    # In the order of what was published, a request comes after all that happened up to its instant.
    waiting = {it.message_id: it for it in asked if isinstance(it, RepublishRequested)}
    joined: dict[str, int] = {}
    passed = 0
    for it in truth.published:
        change, figures = it.change, it.figures
        assert figures is not None
        for message_id, request in list(waiting.items()):
            if request.at < change.at and request.segment not in joined:
                del waiting[message_id]
        if change.is_republished:
            request = waiting.pop(change.cause.message_id or "")
            assert (change.at, change.key) == (request.at, request.segment)
            assert change.at >= passed
            assert figures.member_since == joined[request.segment]
            assert figures.segments == tuple(sorted(joined))
            continue
        assert all(request.at >= change.at for request in waiting.values())
        passed = change.at
        if change.key is None or change.direction or change.is_signal:
            continue
        if change.to == "in":
            joined[change.key] = change.at
        else:
            del joined[change.key]
    assert not any(request.segment in joined for request in waiting.values())


@given(st.data())
def test_order_of_arrival_and_restarts_make_no_difference_to_requests(data: st.DataObject) -> None:
    rulebook, history, asked = drawn(data)
    lateness = rulebook.compiled.lateness_ms
    order = data.draw(arrivals(history, lateness))
    asking = [replace(it, at=max(it.at, order[0].at)) for it in data.draw(arrivals([history[0], *asked], lateness))]
    asking = [it for it in asking if isinstance(it.fact, RepublishRequested)]
    end = max(it.at for it in (*order, *asking)) + data.draw(st.sampled_from((0, AFTER)))
    reload = data.draw(st.booleans())
    # At one moment requests come last, where a look would come without them.
    plain = Stream(order, end, [it.at for it in asking], rulebook, reload)
    stream = Stream([*order, *asking], end, [], rulebook, reload)
    truth = decided_until([it.fact for it in (*order, *asking)], end, rulebook)
    assert left_standing(stream.published) == Counter(it.change for it in truth.published)
    assert decided(stream.timeline.head) == decided(plain.timeline.head)
    assert [it.seq for it in stream.published] == list(range(1, len(stream.published) + 1))
    # A change may come to lie before what was told again since, and is a correction then.
    with_requests, without = others(stream.published), others(plain.published)
    assert all(one.correction >= other.correction for one, other in zip(with_requests, without, strict=True))
    assert [with_fields(it, correction=False) for it in with_requests] == [
        with_fields(it, correction=False) for it in without
    ]
    for it in stream.published:
        assert it.corrects is None or it.corrects[0].is_republished is it.change.is_republished


@given(st.data())
def test_instants_go_back_in_corrections_only(data: st.DataObject) -> None:
    rulebook, history, asked = drawn(data)
    order = [Arrival(it.at, it) for it in history]
    late = data.draw(arrivals([history[0], *asked], rulebook.compiled.lateness_ms))
    order += [it for it in late if isinstance(it.fact, RepublishRequested)]
    published = Stream(order, max(it.at for it in order), [], rulebook, False).published
    passed = 0
    for it in published:
        assert it.correction or it.change.at >= passed
        passed = max(passed, it.change.at)
