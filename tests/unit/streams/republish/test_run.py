"""A run's id says its instant, so that a run that is continued sends the same requests."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import RepublishRequested
from schemas.instant import EARLIEST, LATEST
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from streams.republish.run import Run

RULES = Rulebook(read_policy('name = "p"\n[[segments]]\nkey = "vip"\nname = "V"\nenter = "orders >= 1"\n', catalogue))


@given(at=st.integers(EARLIEST, LATEST - 1), customer=st.text('aZ0é"\\ ', min_size=1).filter(str.strip))
def test_a_run_that_is_continued_sends_the_same_requests(at: int, customer: str) -> None:
    run = Run.begin(at)
    again = Run.read(run.id)
    assert again == run
    request = run.request("vip", customer)
    assert again.request("vip", customer) == request
    if not RULES.intake.is_placeholder(customer):
        event = decode(request, customer.encode(), RULES.intake)
        fact = event.fact
        assert isinstance(fact, RepublishRequested)
        assert (event.user_id, fact.at, fact.segment) == (customer, at, "vip")
        assert run.sent(fact.message_id)
    others = [Run.begin(at).request("vip", customer), run.request("big", customer), run.request("vip", customer + "x")]
    ids = {json.loads(it)["messageId"] for it in (request, *others)}
    assert len(ids) == len(others) + 1


def test_another_run_has_another_id() -> None:
    run = Run.begin(1_795_821_300_123)
    assert run.id.startswith("20261127T231500123Z-")
    assert len({run.id, *(Run.begin(run.at).id for _ in range(3))}) == 4
    assert not run.sent(None)
    assert not run.sent(f"{run.id}x.1")


@pytest.mark.parametrize("written", ["", "x", "20261127T231500123Z", "20261327T231500123Z-3f9a2c", "20261127-3f9a2c"])
def test_what_is_no_id_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"an id is like|2026"):
        Run.read(written)
