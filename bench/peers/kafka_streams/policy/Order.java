package policy;

/** An order that stands: what it was worth when it was last stated, and what is left of that, in cents. */
final class Order {
    final String id;
    final long at;
    long amount;
    long left;
    boolean hasCoupon;

    Order(String id, long at, long amount, long left, boolean hasCoupon) {
        this.id = id;
        this.at = at;
        this.amount = amount;
        this.left = left;
        this.hasCoupon = hasCoupon;
    }
}
