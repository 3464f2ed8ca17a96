"""The histories of the laws leave out no kind of fact, and nothing that is counted."""

from typing import get_args

import pytest
from hypothesis import Phase, find, settings

from schemas.events import AnyFact, Browsed
from state.customer.engagement import COLUMN_OF
from tests.support.histories import facts

LOOKING = settings(phases=[Phase.generate], max_examples=500, database=None, derandomize=True)


@pytest.mark.parametrize("kind", get_args(AnyFact))
def test_every_kind_of_fact_is_drawn(kind: type[AnyFact]) -> None:
    find(facts(), lambda history: any(type(fact) is kind for fact in history), settings=LOOKING)


@pytest.mark.parametrize("column", sorted(set(COLUMN_OF.values())))
def test_every_count_of_browsing_is_drawn(column: int) -> None:
    def counts(fact: AnyFact) -> bool:
        return isinstance(fact, Browsed) and COLUMN_OF.get(fact.event) == column

    find(facts(), lambda history: any(map(counts, history)), settings=LOOKING)
