"""The histories of the laws leave out no kind of fact, and nothing that is counted."""

from typing import get_args

import pytest
from hypothesis import Phase, find, settings

from schemas.events import AnyFact, Browsed
from state.customer.engagement import COLUMN_OF
from state.timeline.history import decide_history
from tests.support.histories import DAY, RULES, facts, requests

LOOKING = settings(phases=[Phase.generate], max_examples=500, database=None, derandomize=True)


@pytest.mark.parametrize("kind", get_args(AnyFact))
def test_every_kind_of_fact_is_drawn(kind: type[AnyFact]) -> None:
    find(facts(), lambda history: any(type(fact) is kind for fact in history), settings=LOOKING)


@pytest.mark.parametrize("column", sorted(set(COLUMN_OF.values())))
def test_every_count_of_browsing_is_drawn(column: int) -> None:
    def counts(fact: AnyFact) -> bool:
        return isinstance(fact, Browsed) and COLUMN_OF.get(fact.event) == column

    find(facts(), lambda history: any(map(counts, history)), settings=LOOKING)


@pytest.mark.parametrize("name", sorted(RULES))
def test_requests_are_made_of_who_is_a_member_and_of_who_is_none(name: str) -> None:
    rulebook = RULES[name]

    def asked(history: list[AnyFact], made: list[AnyFact]) -> list[bool]:
        truth = decide_history([*history, *made], history[-1].at + 60 * DAY, rulebook)
        assert truth is not None
        told = {it.change.cause.message_id for it in truth.published if it.change.is_republished}
        return [it.message_id in told for it in made]

    both = facts().flatmap(lambda history: requests(history, rulebook).map(lambda made: asked(history, made)))
    find(both, lambda told: True in told and False in told, settings=LOOKING)
