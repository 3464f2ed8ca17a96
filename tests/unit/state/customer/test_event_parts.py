"""Which parts an event changes, without any example of it: the same as applying an example tells."""

import msgspec
import pytest

from schemas.event_types import EVENT_TYPES
from state.customer import parts
from state.customer.customer import first_seen
from state.customer.event_parts import events_changing, parts_changed_by
from streams.policy_file import load_rules
from tests.unit.state.customers import DAY

RULES = load_rules(None)
SAID = msgspec.Raw(b'{"order_id":"o1","total":5,"ticket_id":"t1","rating":3}')


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_first_event_changes_all_the_parts_that_an_event_of_its_type_can_change(name: str) -> None:
    event = EVENT_TYPES[name]
    fact = event.build(name, DAY, "m1", SAID, RULES.intake)
    _, changed = RULES.apply_event(first_seen(DAY), fact)
    assert changed == parts_changed_by(event)


def test_the_events_that_change_a_part_are_found() -> None:
    assert events_changing(parts.TRAITS) == ("identify",)
    assert events_changing(parts.NO_PARTS) == ()
    assert "Order Refunded" in events_changing(parts.ORDERS)
    assert "page" not in events_changing(parts.ORDERS | parts.SUPPORT)
