package policy;

import java.util.HashMap;
import java.util.Map;

/** The events that count. */
enum EventName {
    ORDER_COMPLETED("Order Completed"),
    ORDER_UPDATED("Order Updated"),
    ORDER_REFUNDED("Order Refunded"),
    ORDER_CANCELLED("Order Cancelled"),
    PAGE("page"),
    SCREEN("screen"),
    PRODUCT_VIEWED("Product Viewed"),
    PRODUCT_LIST_VIEWED("Product List Viewed"),
    PRODUCT_CLICKED("Product Clicked"),
    PRODUCTS_SEARCHED("Products Searched"),
    PRODUCT_ADDED("Product Added"),
    CART_VIEWED("Cart Viewed"),
    CHECKOUT_STARTED("Checkout Started"),
    PRODUCT_REMOVED("Product Removed"),
    ADDED_TO_WISHLIST("Product Added to Wishlist"),
    ADDED_FROM_WISHLIST("Wishlist Product Added to Cart"),
    COUPON_APPLIED("Coupon Applied"),
    TICKET_CREATED("Support Ticket Created"),
    TICKET_REOPENED("Support Ticket Reopened"),
    CHAT_STARTED("Live Chat Conversation Started"),
    TICKET_SOLVED("Support Ticket Solved"),
    CHAT_ENDED("Live Chat Conversation Ended"),
    TICKET_RATED("Support Ticket Rated"),
    IDENTIFY("identify");

    private static final Map<String, EventName> BY_TEXT = new HashMap<>();

    static {
        for (EventName it : values()) BY_TEXT.put(it.text, it);
    }

    final String text;

    EventName(String text) {
        this.text = text;
    }

    /** The event of this name, null if it does not count. */
    static EventName of(String text) {
        return BY_TEXT.get(text);
    }

    boolean isOrder() {
        return ordinal() <= ORDER_CANCELLED.ordinal();
    }

    boolean isTicket() {
        return ordinal() >= TICKET_CREATED.ordinal() && ordinal() <= TICKET_RATED.ordinal();
    }
}
