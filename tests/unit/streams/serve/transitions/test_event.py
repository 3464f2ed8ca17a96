"""Events as they are sent: the value byte for byte, its name, and what filters ask of it."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.serve.transitions.event import Event, told
from streams.serve.transitions.filters import EVENTS
from streams.serve.transitions.position import Ids
from streams.settings import Settings
from tests.support.event_stream import Parser
from tests.support.told_transitions import Telling

IDS = Ids("cluster", "customer.transitions")


def event(value: bytes) -> Event:
    return Event(0, 4, value, (5, 7), IDS)


@given(st.lists(st.binary(max_size=30).filter(lambda it: b"\r" not in it and it.strip(b"\n") != b""), max_size=5))
def test_any_value_arrives_as_it_is(values: list[bytes]) -> None:
    parser = Parser()
    sent = parser.feed(b"".join(event(it).sent for it in values))
    assert [it.data for it in sent] == values
    assert {it.last_id for it in sent} <= {IDS.text((5, 7))}


def test_a_transition_has_its_name_and_the_server_its_own() -> None:
    for _, _, _, value, _ in Telling(Settings(), Random(1)).some(50):
        (sent,) = Parser().feed(event(value or b"").sent)
        message = json.loads(value or b"")
        assert sent.name == message["event"]
        assert sent.name in EVENTS
        assert event(value or b"").facts.seq == message["properties"]["seq"]
    assert told("dropped", {"reason": "slow"}, "x.1") == b'id: x.1\nevent: dropped\ndata: {"reason":"slow"}\n\n'


@pytest.mark.parametrize("value", [b"", b"[]", b"\xff", b'{"event": 7}', b"[" * 100_000])
def test_of_what_is_no_transition_nothing_is_known(value: bytes) -> None:
    assert event(value).facts == ("", "", 0, frozenset())
    assert event(value).body.startswith(b"data: ")


def test_an_event_is_encoded_once() -> None:
    one = event(b"{}")
    assert one.sent is one.sent
