"""A customer who is packed after each event, or read from the bytes, is the customer who never was."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact
from state.customer.customer import first_seen
from state.customer.packing import pack, unpack
from state.rules.rulebook import Rulebook
from tests.support.histories import RULES, facts, forget_bytes

COUNTING = [it for it in RULES.values() if it.compiled.counted_events]


@given(facts(most=24), st.sampled_from(COUNTING), st.data())
def test_packing_in_between_leaves_no_trace(history: list[AnyFact], rulebook: Rulebook, data: st.DataObject) -> None:
    untouched, packed = first_seen(history[0].at), first_seen(history[0].at)
    for fact in history:
        rulebook.advance(untouched, fact, [])
        bytes_ = pack(packed)
        if data.draw(st.booleans()):
            packed = unpack(bytes_)
        rulebook.advance(packed, fact, [])
    kept = pack(packed)
    forget_bytes(packed)
    assert kept == pack(packed) == pack(untouched)
