"""The names of events, and which of them mean the same."""

from functools import lru_cache

KINDS = {
    "Order Completed": "order",
    "Order Updated": "update",
    "Order Refunded": "refund",
    "Order Cancelled": "cancel",
    "page": "view",
    "screen": "view",
    "Product Viewed": "view",
    "Product List Viewed": "view",
    "Product Clicked": "view",
    "Products Searched": "search",
    "Product Added": "cart",
    "Cart Viewed": "cart",
    "Checkout Started": "cart",
    "Product Removed": "browse",
    "Product Added to Wishlist": "browse",
    "Wishlist Product Added to Cart": "browse",
    "Coupon Applied": "coupon",
    "Support Ticket Created": "open",
    "Support Ticket Reopened": "open",
    "Live Chat Conversation Started": "open",
    "Support Ticket Solved": "solve",
    "Live Chat Conversation Ended": "solve",
    "Support Ticket Rated": "rate",
    "identify": "identify",
    "Segment Republish Requested": "ask",
}
OTHER_NAMES = {
    "Completed Order": "Order Completed",
    "Updated Order": "Order Updated",
    "Refunded Order": "Order Refunded",
    "Cancelled Order": "Order Cancelled",
    "Order Canceled": "Order Cancelled",
    "Canceled Order": "Order Cancelled",
    "Applied Coupon": "Coupon Applied",
    "Viewed Product": "Product Viewed",
    "Viewed Product List": "Product List Viewed",
    "Product Category Viewed": "Product List Viewed",
    "Viewed Product Category": "Product List Viewed",
    "Clicked Product": "Product Clicked",
    "Searched Products": "Products Searched",
    "Added Product": "Product Added",
    "Removed Product": "Product Removed",
    "Viewed Cart": "Cart Viewed",
    "Started Checkout": "Checkout Started",
    "Added Product to Wishlist": "Product Added to Wishlist",
    "Added Wishlist Product to Cart": "Wishlist Product Added to Cart",
    "Created Support Ticket": "Support Ticket Created",
    "Solved Support Ticket": "Support Ticket Solved",
    "Reopened Support Ticket": "Support Ticket Reopened",
    "Rated Support Ticket": "Support Ticket Rated",
    "Started Live Chat Conversation": "Live Chat Conversation Started",
    "Ended Live Chat Conversation": "Live Chat Conversation Ended",
}


@lru_cache(maxsize=10_000)
def bare(name: str) -> str:
    """A name without what does not distinguish it from another."""
    return "".join(letter for letter in name.casefold() if not letter.isspace() and letter not in "_-")


def is_track(call: str) -> bool:
    return bare(call) in ("", "track")


KNOWN = {bare(name): name for name in KINDS} | {bare(other): name for other, name in OTHER_NAMES.items()}


@lru_cache(maxsize=10_000)
def key_of(name: str) -> str:
    """What all spellings of a name have in common, those of known events too."""
    return bare(KNOWN.get(bare(name), name))


VIEW_KEYS = frozenset(key_of(name) for name, kind in KINDS.items() if kind == "view")
