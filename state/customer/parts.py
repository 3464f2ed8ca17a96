"""Aspects: the parts of a customer that facts change and features read, so that only what can differ is decided anew.

They are bits of a whole number: plain ones, because they are joined for every event.
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
STANDING = 512

NOTHING = 0
EVERYTHING = -1
LIFECYCLE = ORDERS | SUPPORT
"""What decides the lifecycle stage, besides time and what the policy's loyalty asks for."""
