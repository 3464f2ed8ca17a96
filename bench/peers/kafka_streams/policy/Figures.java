package policy;

/** What the rules read of a customer at an instant. */
final class Figures {
    private static final int[] FREQUENCY = {2, 4, 12, 40};
    private static final long[] MONETARY = {5_000, 15_000, 50_000, 150_000};
    private static final int BAD_RATING = 200;
    private static final long RATING_COUNTS = 30 * Time.DAY;
    private static final long TICKET_WAITS = 3 * Time.DAY;

    final long at;
    final int orders;
    final int occasions;
    /** Since the last order. */
    final long silence;
    /** The silence after which a customer is at risk, and the one after which they are churned. */
    final long patience, churn;
    /** Frequency plus monetary score. */
    final int score;
    final int orders30, orders90, orders365;
    final long revenue365;
    final int coupons90, views30, sessions30;
    final int ratings30, ratingSum30;
    final long ticketAge;

    private final Customer customer;
    private final long lastOrder;

    Figures(Customer customer, long at) {
        this.customer = customer;
        this.at = at;
        OrderBook book = customer.orders;
        orders = book.count();
        occasions = book.occasions();
        lastOrder = orders == 0 ? at : book.last();
        silence = at - lastOrder;
        patience = patience(book);
        churn = occasions < 2 ? 180 * Time.DAY : patience * 3;
        long today = Time.day(at);
        int in30 = 0, in90 = 0, in365 = 0, withCoupon = 0;
        long revenue = 0;
        for (int place = book.recent().size() - 1; place >= 0; place--) {
            Order it = book.recent().get(place);
            long age = today - Time.day(it.at);
            if (age >= 365) break;
            in365++;
            revenue += it.left;
            if (age >= 90) continue;
            in90++;
            if (it.hasCoupon) withCoupon++;
            if (age < 30) in30++;
        }
        orders30 = in30;
        orders90 = in90;
        orders365 = in365;
        revenue365 = revenue;
        score = score(in365, revenue);
        coupons90 = Math.max(withCoupon, customer.days.sum(Customer.COUPONS, today, 90));
        views30 = customer.days.sum(Customer.VIEWS, today, 30);
        sessions30 = customer.days.sum(Customer.SESSIONS, today, 30);
        ratings30 = customer.ratings.sum(Customer.RATINGS, today, 30);
        ratingSum30 = customer.ratings.sum(Customer.RATING_SUM, today, 30);
        ticketAge = customer.tickets.isEmpty() ? -1 : at - customer.tickets.get(0).opened();
    }

    boolean hasTicket() {
        return ticketAge >= 0;
    }

    /** Whether a bad rating, or a ticket that waits, shortens the limits of silence. */
    boolean isDispleased() {
        return (hasBadRating() && at < customer.ratedAt + RATING_COUNTS) || ticketAge >= TICKET_WAITS;
    }

    boolean isReached(long limit) {
        return silence >= limit || (silence >= limit / 2 && isDispleased());
    }

    /** The limit, shortened if the customer is displeased. */
    long shortened(long limit) {
        return isDispleased() ? limit / 2 : limit;
    }

    /** The first instant after this one at which a limit of silence is reached, if nothing happens. */
    long reaches(long limit) {
        long first = lastOrder + limit;
        long half = lastOrder + limit / 2;
        if (hasBadRating() && half < customer.ratedAt + RATING_COUNTS) first = Math.min(first, ahead(half));
        if (hasTicket()) first = Math.min(first, ahead(Math.max(half, at - ticketAge + TICKET_WAITS)));
        return ahead(first);
    }

    /** The instant if it lies ahead of this one, otherwise never. */
    long ahead(long instant) {
        return instant > at ? instant : Time.NEVER;
    }

    private boolean hasBadRating() {
        return customer.lastRating > 0 && customer.lastRating <= BAD_RATING;
    }

    private static long patience(OrderBook book) {
        int occasions = book.occasions();
        if (occasions < 2) return 60 * Time.DAY;
        long rhythm = (long) (3.0 * (book.begun() - book.first()) / (occasions - 1));
        return Math.min(120 * Time.DAY, Math.max(21 * Time.DAY, rhythm));
    }

    private static int score(int orders, long revenue) {
        int score = 2;
        for (int limit : FREQUENCY) if (orders >= limit) score++;
        for (long limit : MONETARY) if (revenue >= limit) score++;
        return score;
    }
}
