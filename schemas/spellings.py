"""Spellings: what else producers call the events that lifestage knows, and what other systems call the like of them."""

SPELLINGS = {
    "Order Completed": ("Completed Order",),
    "Order Updated": ("Updated Order",),
    "Order Refunded": ("Refunded Order",),
    "Order Cancelled": ("Cancelled Order", "Order Canceled", "Canceled Order"),
    "Coupon Applied": ("Applied Coupon",),
    "Product Viewed": ("Viewed Product",),
    "Product List Viewed": ("Viewed Product List", "Product Category Viewed", "Viewed Product Category"),
    "Product Clicked": ("Clicked Product",),
    "Products Searched": ("Searched Products",),
    "Product Added": ("Added Product",),
    "Product Removed": ("Removed Product",),
    "Cart Viewed": ("Viewed Cart",),
    "Checkout Started": ("Started Checkout",),
    "Product Added to Wishlist": ("Added Product to Wishlist",),
    "Wishlist Product Added to Cart": ("Added Wishlist Product to Cart",),
    "Support Ticket Created": ("Created Support Ticket",),
    "Support Ticket Solved": ("Solved Support Ticket",),
    "Support Ticket Reopened": ("Reopened Support Ticket",),
    "Support Ticket Rated": ("Rated Support Ticket",),
    "Live Chat Conversation Started": ("Started Live Chat Conversation",),
    "Live Chat Conversation Ended": ("Ended Live Chat Conversation",),
}
"""Other names of known events: those of older versions of the Segment spec, and American spelling."""

LIKE = {
    "Order Completed": (
        *("Order Placed", "Placed Order", "Order Created", "Order Paid", "Order Submitted", "Order Confirmed"),
        *("purchase", "Purchased", "Purchase Completed", "Checkout Completed", "Payment Succeeded", "Charge Succeeded"),
        *("Transaction", "Transaction Completed", "Order", "New Order", "Ordered Product", "ecommerce_purchase"),
        *("orders/create", "orders/paid", "order.created", "order.paid", "charge.succeeded"),
    ),
    "Order Updated": ("orders/updated", "order.updated", "Order Changed", "Order Edited"),
    "Order Refunded": (
        *("refund", "Refund Created", "Refund Issued", "Refund Completed", "Order Returned", "Returned Order"),
        *("Charge Refunded", "refunds/create", "charge.refunded", "order.refunded", "Partial Refund"),
    ),
    "Order Cancelled": ("orders/cancelled", "order.cancelled", "Order Voided", "Order Deleted", "orders/delete"),
    "Coupon Applied": ("Coupon Entered", "Coupon Used", "Coupon Redeemed", "Discount Applied", "Promo Code Applied"),
    "Product Viewed": ("view_item", "View Content", "View Product", "Item Viewed", "Viewed Item"),
    "Product List Viewed": ("view_item_list", "Collection Viewed", "Category Viewed", "Viewed Category"),
    "Product Clicked": ("select_item", "select_content", "Item Clicked"),
    "Products Searched": ("search", "Searched", "Site Search", "Searched Site", "Search Submitted"),
    "Product Added": ("add_to_cart", "Added to Cart", "Product Added to Cart", "Item Added", "Item Added to Cart"),
    "Product Removed": ("remove_from_cart", "Removed from Cart", "Product Removed from Cart", "Item Removed"),
    "Checkout Started": ("begin_checkout", "initiate_checkout", "Checkout Created", "Checkout Initiated"),
    "Product Added to Wishlist": ("add_to_wishlist", "Added to Wishlist", "Wishlist Product Added"),
    "Support Ticket Created": ("Ticket Created", "Ticket Opened", "Support Ticket Opened", "Conversation Started"),
    "Support Ticket Solved": ("Ticket Solved", "Ticket Closed", "Support Ticket Closed", "Support Ticket Resolved"),
    "Support Ticket Reopened": ("Ticket Reopened",),
    "Support Ticket Rated": ("Ticket Rated", "Satisfaction Rated", "CSAT Submitted", "Survey Answered"),
    "page": ("page_view", "Page Viewed", "Viewed Page", "Loaded a Page", "Active on Site"),
    "screen": ("screen_view", "Screen Viewed", "Viewed Screen", "Loaded a Screen"),
    "identify": ("customers/update", "Customer Updated", "Profile Updated", "User Updated"),
}
"""What other systems call such events, with other properties: the nearest known name for people, never read as one."""


def folded(name: str) -> str:
    """Return a name without case, blanks, underscores and hyphens, in which spellings of one name are equal."""
    return "".join(name.casefold().split()).replace("_", "").replace("-", "")
