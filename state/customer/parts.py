"""The parts of a customer: what events change and features read, so that only what can differ is decided again.

They are the bits of a plain integer, because they are joined for every event.
"""

from zlib import crc32

ORDERS = 1
SUPPORT = 2
TRAITS = 4
DECIDED = 8
VISITS = 16
FIRST_COUNT = 32
"""The first daily count of ``state.customer.engagement``; each further one has the next bit."""
FIRST_EVENT = 1 << 12
"""The first of the bits of the events that a policy counts; events with one bit are decided together."""
_EVENT_BITS = 16
STEPS = 1 << 28
"""The steps of ladders that the customer is on."""
SEGMENTS = 1 << 29
"""The segments that the customer is in."""
SIGNALS = 1 << 30
"""When signals were told."""

NO_PARTS = 0
ALL_PARTS = -1
LIFECYCLE_PARTS = ORDERS | SUPPORT
"""What decides the lifecycle stage, besides time and what the policy's loyalty reads."""


def event_part(event: str) -> int:
    """Return the bit of an event that a policy counts, by its key."""
    return FIRST_EVENT << crc32(event.encode()) % _EVENT_BITS
