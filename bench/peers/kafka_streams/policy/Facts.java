package policy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** What events change of a customer, before anything is decided. */
final class Facts {
    private static final int MAX_TRAITS = 64;

    static OrderBook.Effect apply(Customer customer, EventName name, Event event, long at) {
        if (event.context != null && event.context.traits != null) merge(customer, event.context.traits);
        switch (name) {
            case ORDER_COMPLETED:
                return customer.orders.completed(
                        event.orderId(), at, event.amount(), event.hasCoupon(), event.properties.reinstated);
            case ORDER_UPDATED:
                return customer.orders.updated(event.orderId(), at, event.amount(), event.hasCoupon());
            case ORDER_REFUNDED:
                return customer.orders.refunded(event.orderId(), at, event.refund());
            case ORDER_CANCELLED:
                return customer.orders.cancelled(event.orderId(), at);
            case PAGE, SCREEN, PRODUCT_VIEWED, PRODUCT_LIST_VIEWED, PRODUCT_CLICKED:
                customer.browse(Customer.VIEWS, at);
                break;
            case PRODUCTS_SEARCHED:
                customer.browse(Customer.SEARCHES, at);
                break;
            case PRODUCT_ADDED, CART_VIEWED, CHECKOUT_STARTED:
                customer.browse(Customer.CARTS, at);
                break;
            case PRODUCT_REMOVED, ADDED_TO_WISHLIST, ADDED_FROM_WISHLIST:
                customer.browse(-1, at);
                break;
            case COUPON_APPLIED:
                customer.days.add(Customer.COUPONS, 1, at);
                break;
            case TICKET_CREATED, TICKET_REOPENED, CHAT_STARTED:
                customer.openTicket(event.ticketId(), at);
                break;
            case TICKET_SOLVED, CHAT_ENDED:
                customer.solveTicket(event.ticketId());
                break;
            case TICKET_RATED:
                customer.rate(event.rating(), at);
                break;
            default:
                if (event.traits != null) merge(customer, event.traits);
        }
        return OrderBook.Effect.NONE;
    }

    private static void merge(Customer customer, Map<String, JsonNode> traits) {
        traits.forEach((name, value) -> {
            if (value.isObject()) {
                value.properties().forEach(it -> merge(customer, name + "_" + it.getKey(), it.getValue()));
            } else {
                merge(customer, name, value);
            }
        });
    }

    private static void merge(Customer customer, String name, JsonNode value) {
        Map<String, String> traits = customer.traits;
        if (value.isNull()) {
            traits.remove(name);
        } else if (value.isValueNode()) {
            boolean isKept = traits.size() < MAX_TRAITS || name.equals("kind") || traits.containsKey(name);
            if (isKept) traits.put(name, value.toString());
        }
    }

    private Facts() {}
}
