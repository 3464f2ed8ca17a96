"""The parts that events change: which event types a value can come from, told by what it is read from."""

from collections.abc import Mapping

from schemas.event_types import BROWSING, EVENT_TYPES, PROFILES, PURCHASES, SUPPORT, EventType
from state.customer import parts
from state.customer.engagement import COLUMN_PARTS, COLUMNS, COUPONS_COLUMN, SESSIONS_COLUMN

_BY_TOPIC: Mapping[str, int] = {
    PURCHASES: parts.ORDERS,
    BROWSING: parts.VISITS | COLUMN_PARTS[SESSIONS_COLUMN],
    SUPPORT: parts.SUPPORT,
    PROFILES: parts.TRAITS,
}


def parts_changed_by(event: EventType) -> int:
    """Return the bits of the parts that an event can change, but for the traits in its context."""
    if event.counted_as is None:
        return _BY_TOPIC[event.topic]
    column = COLUMNS[event.counted_as]
    return COLUMN_PARTS[column] if column == COUPONS_COLUMN else COLUMN_PARTS[column] | _BY_TOPIC[event.topic]


def events_changing(changed: int) -> tuple[str, ...]:
    """Return the names of the events that can change one of these parts, but for the traits in their context."""
    return tuple(name for name, event in EVENT_TYPES.items() if changed & parts_changed_by(event))
