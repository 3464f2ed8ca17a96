"""The parts of a customer: what events change and features read, so that only what can differ is decided again.

They are the bits of a plain integer, because they are joined for every event.
"""

ORDERS = 1
SUPPORT = 2
TRAITS = 4
VIEWS = 8
SEARCHES = 16
CARTS = 32
COUPONS = 64
SESSIONS = 128
VISITS = 256
DECIDED = 512

NO_PARTS = 0
ALL_PARTS = -1
LIFECYCLE_PARTS = ORDERS | SUPPORT
"""What decides the lifecycle stage, besides time and what the policy's loyalty reads."""
