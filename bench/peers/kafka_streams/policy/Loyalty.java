package policy;

/** The rule of the loyal: who comes often and spends enough, for at least a month. */
final class Loyalty {
    private static final long STAY = 30 * Time.DAY;
    private static final int ENTER_ORDERS = 6;
    private static final int LEAVE_ORDERS = 4;
    private static final long ENTER_REVENUE = 15_000;
    private static final long LEAVE_REVENUE = 10_000;

    static void decide(Customer customer, Figures figures) {
        if (!customer.isLoyal()) {
            if (figures.orders365 >= ENTER_ORDERS && figures.revenue365 >= ENTER_REVENUE) {
                customer.loyalSince = figures.at;
            }
        } else if (figures.at >= customer.loyalSince + STAY && isTooLittle(figures.orders365, figures.revenue365)) {
            customer.loyalSince = Time.NEVER;
        }
    }

    /** The first instant at which somebody loyal is so no longer, if no order comes. */
    static long lapse(Customer customer, Figures figures) {
        int orders = figures.orders365;
        long revenue = figures.revenue365;
        long free = customer.loyalSince + STAY;
        if (isTooLittle(orders, revenue)) return free;
        var recent = customer.orders.recent();
        for (int place = recent.size() - orders; place < recent.size(); place++) {
            Order old = recent.get(place);
            orders--;
            revenue -= old.left;
            long day = Time.day(old.at);
            boolean moreThatDay = place + 1 < recent.size() && Time.day(recent.get(place + 1).at) == day;
            if (!moreThatDay && isTooLittle(orders, revenue)) return Math.max(Time.start(day + 365), free);
        }
        return Time.NEVER;
    }

    /** The end of the shortest stay, if it lies ahead. */
    static long freed(Customer customer) {
        return customer.isLoyal() ? customer.loyalSince + STAY : Time.NEVER;
    }

    static String why(Figures figures) {
        return "orders_365d " + figures.orders365 + " (enter 6, leave below 4); revenue_365d "
                + figures.revenue365 / 100.0 + " (enter 150, leave below 100)";
    }

    private static boolean isTooLittle(int orders, long revenue) {
        return orders < LEAVE_ORDERS || revenue < LEAVE_REVENUE;
    }

    private Loyalty() {}
}
