package policy;

/** The first instant after a decision at which time alone may change something. */
final class Deadline {
    static long of(Customer customer, Figures it) {
        long first = Math.min(orders(customer, it), counts(customer, it));
        first = Math.min(first, it.ahead(Loyalty.freed(customer)));
        if (customer.step != null) first = Math.min(first, it.ahead(customer.step.freed(customer)));
        for (Segment segment : Segment.ALL) {
            if (segment.hasStay && customer.isIn(segment)) first = Math.min(first, it.ahead(segment.freed(customer)));
        }
        return first;
    }

    private static long orders(Customer customer, Figures it) {
        if (it.orders == 0) return Time.NEVER;
        long first = Time.NEVER;
        if (customer.stage != Stage.CHURNED) first = it.reaches(it.churn);
        if (customer.stage.silence() == 0) first = Math.min(first, it.reaches(it.patience));
        long last = customer.orders.last();
        if (customer.step == Step.CORE) first = Math.min(first, it.ahead(last + 90 * Time.DAY + 1));
        if (customer.step == Step.STRATEGIC) first = Math.min(first, it.ahead(last + 120 * Time.DAY + 1));
        // Orders leave a window one day after another.
        if (it.orders30 > 0 && !customer.isIn(Segment.WINDOW_SHOPPERS)) first = Math.min(first, rollsOff(last, 30));
        if (it.orders90 > 0) first = Math.min(first, rollsOff(oldestOf(customer, it.orders90), 90));
        if (it.orders365 > 0) first = Math.min(first, rollsOff(oldestOf(customer, it.orders365), 365));
        return first;
    }

    private static long counts(Customer customer, Figures it) {
        long today = Time.day(it.at);
        long first = Time.NEVER;
        if (customer.days.sum(Customer.COUPONS, today, 90) > 0) {
            first = Time.start(customer.days.first(Customer.COUPONS, today, 90) + 90);
        }
        if (customer.isIn(Segment.WINDOW_SHOPPERS) && it.sessions30 > 0) {
            first = Math.min(first, Time.start(customer.days.last(Customer.SESSIONS) + 30));
        }
        if (it.ratings30 > 0) {
            first = Math.min(first, Time.start(customer.ratings.first(Customer.RATINGS, today, 30) + 30));
        }
        if (it.hasTicket() && !customer.isIn(Segment.UNHAPPY)) {
            first = Math.min(first, it.ahead(it.at - it.ticketAge + 3 * Time.DAY + 1));
        }
        return first;
    }

    private static long rollsOff(long at, int days) {
        return Time.start(Time.day(at) + days);
    }

    private static long oldestOf(Customer customer, int newest) {
        var recent = customer.orders.recent();
        return recent.get(recent.size() - newest).at;
    }

    private Deadline() {}
}
