"""Flows by date do not depend on the order of partitions and of arrival, nor on what was published and taken back."""

import json
from collections import Counter
from collections.abc import Sequence

from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from schemas.change import FORGOTTEN, Cause, Change, Publication
from schemas.events import OrderCompleted
from schemas.transition import encode
from state.calendar import Calendar
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from streams.serve.history.flows import Flow, Flows, sets_of
from streams.serve.history.members import members_by_day
from streams.serve.history.places import Places
from streams.serve.history.transition_log import TransitionLog
from tests.laws.test_timeline import Stream
from tests.support.histories import DAY, POLICIES, START, arrivals, facts, remembered, rules

ALL_DAYS = (0, 10**6)


def record(partition: int, offset: int, key: bytes, value: bytes) -> ConsumerRecord:
    """A record as the client gives it."""
    sizes = len(key), len(value)
    return ConsumerRecord("transitions", partition, offset, 0, 0, key, value, None, *sizes, ())


def messages(published: Sequence[Publication], customer: str, rulebook: Rulebook) -> list[bytes]:
    return [encode(it, customer, rulebook.version) for it in published]


def log_of(records: Sequence[ConsumerRecord], rulebook: Rulebook) -> TransitionLog:
    log = TransitionLog(lambda: Calendar(rulebook.compiled.policy.time.zone), lambda: rulebook.compiled.lateness_ms)
    log.begin({})
    for it in records:
        log.take(it)
    return log


@given(st.data())
def test_flows_are_those_of_what_stands_in_the_end(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    partitions: list[list[ConsumerRecord]] = []
    standing: list[list[bytes]] = []
    for number in range(data.draw(st.integers(1, 3))):
        customer = f"c{number}"
        history = remembered(data.draw(facts()), rulebook)
        order = data.draw(arrivals(history, rulebook.compiled.lateness_ms))
        end = max(it.at for it in order) + data.draw(st.sampled_from((0, 8 * DAY)))
        stream = Stream(order, end, [], rulebook, reload=False)
        truth = decide_history([it.fact for it in order], end, rulebook)
        assert truth is not None
        sent = messages(stream.published, customer, rulebook)
        partitions.append([record(number, offset, customer.encode(), it) for offset, it in enumerate(sent)])
        standing.append(messages(truth.published, customer, rulebook))
    # Which partition is read when is up to the broker, but each is read in its order.
    turns = data.draw(st.permutations([number for number, it in enumerate(partitions) for _ in it]))
    left = [iter(it) for it in partitions]
    log = log_of([next(left[number]) for number in turns], rulebook)
    settled = log_of([record(9, 0, b"c", it) for of_one in standing for it in of_one], rulebook)
    assert log.flows.between(*ALL_DAYS) == settled.flows.between(*ALL_DAYS)
    assert {name: +it | -it for name, it in log.flows.gained.items() if any(it.values())} == {
        name: +it | -it for name, it in settled.flows.gained.items() if any(it.values())
    }
    for number, records in enumerate(partitions):
        kept = [it.offset for it in reversed(records) if not json.loads(it.value)["properties"].get("republished")]
        assert [*log.places.of(f"c{number}".encode())] == [(number, offset) for offset in kept]


def test_what_is_told_again_does_not_count() -> None:
    told = (
        b'{"event":"Audience Entered","timestamp":"2026-01-02T00:00:00.000Z","properties":'
        b'{"retracted":false,"republished":%b,"from":"out","to":"in","audience_key":"vip","audience_name":"VIP"}}'
    )
    log = TransitionLog(Calendar, lambda: 0)
    log.begin({})
    for offset, again in enumerate((b"false", b"true", b"true")):
        log.take(record(0, offset, b"c", told % again))
    assert log.flows.between(*ALL_DAYS) == {Flow("segment", "vip", "out", "in"): 1}
    assert [*log.places.of(b"c")] == [(0, 0)]
    assert len(log.recent(9)) == 1


def test_what_is_no_transition_is_left_out() -> None:
    log = TransitionLog(Calendar, lambda: 0)
    log.begin({})
    for offset, value in enumerate((b"", b"null", b'{"event":"x"}', b"\xff")):
        log.take(record(0, offset, b"c", value))
    log.take(ConsumerRecord("transitions", 0, 9, 0, 0, None, None, None, -1, -1, ()))
    assert log.unreadable == 5
    assert log.flows.between(*ALL_DAYS) == {}


_STEPS = st.sampled_from(("none", "gold", "silver"))
_FLOWS = st.one_of(
    st.builds(lambda key, to: Flow("segment", key, "", to), st.sampled_from("ab"), st.sampled_from(("in", "out"))),
    st.builds(lambda from_, to: Flow("step", "tier", from_, to), _STEPS, _STEPS),
    st.builds(lambda from_, to: Flow("stage", "", from_, to), st.sampled_from("np"), st.sampled_from("np")),
)


@given(st.lists(st.tuples(st.integers(0, 30), _FLOWS, st.sampled_from((1, -1)))), st.integers(1, 30))
def test_counting_back_undoes_what_happened(told: list[tuple[int, Flow, int]], today: int) -> None:
    flows, at_end = Flows(), Counter[str]()
    for day, flow, number in told:
        flows.add(day, flow, number)
        for name, sign in sets_of(flow):
            at_end[name] += sign * number
    days = range(today + 1)
    for name in ("stage:n", "segment:a", "step:tier:gold"):
        by_day = members_by_day(at_end[name], flows.gained[name], days)
        for day in days[:-1]:
            so_far = [
                sign * number for at, flow, number in told for it, sign in sets_of(flow) if it == name and at <= day
            ]
            assert by_day[day] == max(0, sum(so_far))
        assert by_day[today] == max(0, at_end[name])


def test_old_days_are_forgotten() -> None:
    flows, flow = Flows(), Flow("stage", "", "new", "loyal")
    for day in (0, 100, 401):
        flows.add(day, flow, 1)
    assert (flows.first_day, flows.last_day) == (1, 401)
    assert flows.gained["stage:loyal"] == {100: 1, 401: 1}
    flows.add(0, flow, -1)  # what took it back comes when it is forgotten
    assert flows.between(*ALL_DAYS) == {flow: 2}


@given(st.lists(st.sampled_from((b"a", b"b", b"c"))), st.integers(1, 7))
def test_places_are_those_of_the_last_transitions(customers: list[bytes], most: int) -> None:
    places = Places(most)
    for offset, customer in enumerate(customers):
        places.add(customer, 3, offset)
    last = [*enumerate(customers)][-most:]
    for customer in (b"a", b"b", b"c", b"d"):
        assert [*places.of(customer)] == [(3, offset) for offset, it in reversed(last) if it == customer]


def test_whoever_is_forgotten_is_taken_out_as_if_they_had_never_been() -> None:
    rulebook = Rulebook(read_policy(POLICIES["rhythm"], catalogue))
    orders = [OrderCompleted(START + number * 3 * DAY, f"m{number}", f"o{number}", 5000, 1, ()) for number in range(4)]
    history = decide_history(orders, START + 90 * DAY, rulebook)
    assert history is not None
    of_one = {name: messages(history.published, name, rulebook) for name in ("a", "b")}
    last = Change(START + 91 * DAY, None, FORGOTTEN, "churned", FORGOTTEN, Cause("request", "request", "r"))
    of_one["a"].append(encode(Publication(last, None, len(history.published) + 1), "a", rulebook.version))
    both = [(name, value) for name, values in of_one.items() for value in values]
    log = log_of([record(0, offset, name.encode(), value) for offset, (name, value) in enumerate(both)], rulebook)
    ((key, partition, offsets),) = log.forgotten
    assert (key, partition, offsets) == (b"a", 0, [*range(len(history.published))])
    for offset in offsets:
        log.unmake(both[offset][1])
    alone = log_of([record(0, offset, b"b", value) for offset, value in enumerate(of_one["b"])], rulebook)
    assert log.flows.between(*ALL_DAYS) == alone.flows.between(*ALL_DAYS) != {}
    assert {name: +it for name, it in log.flows.gained.items()} == {
        name: +it for name, it in alone.flows.gained.items()
    }
    assert [*log.places.of(b"a")] == []
    assert log.recent(99) == of_one["b"][::-1]
