package policy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All that is remembered of a customer. */
final class Customer {
    /** Columns of {@code days}. */
    static final int VIEWS = 0, SEARCHES = 1, CARTS = 2, SESSIONS = 3, COUPONS = 4;
    /** Columns of {@code ratings}: how many, and their sum in hundredths. */
    static final int RATINGS = 0, RATING_SUM = 1;

    private static final long LATENESS = Time.HOUR;
    private static final long SESSION = 30 * Time.MINUTE;
    private static final int MAX_TICKETS = 64;

    record Ticket(String id, long opened) {}

    record Seen(String identity, long at) {}

    /** The next instant at which time alone may change something. */
    long deadline = Time.NEVER;
    long decidedAt;
    int published;

    Stage stage = Stage.PROSPECT;
    long stageSince = Time.NEVER;
    Stage previousStage;
    long previousSince;
    long loyalSince = Time.NEVER;
    Step step;
    long stepSince;
    /** When the customer joined each segment, never if they are not in it. */
    final long[] joined = new long[Segment.ALL.length];

    final OrderBook orders = new OrderBook();
    final DayCounts days = new DayCounts(5);
    long lastBrowsed = Time.NEVER;
    final DayCounts ratings = new DayCounts(2);
    int lastRating;
    long ratedAt;
    final List<Ticket> tickets = new ArrayList<>(0);
    final Map<String, String> traits = new LinkedHashMap<>();
    final List<Seen> seen = new ArrayList<>();

    Customer() {
        Arrays.fill(joined, Time.NEVER);
    }

    boolean isIn(Segment segment) {
        return joined[segment.ordinal()] != Time.NEVER;
    }

    boolean isLoyal() {
        return loyalSince != Time.NEVER;
    }

    /** Begin to exist, if this is the first event. */
    void appear(long at) {
        if (stageSince == Time.NEVER) stageSince = at;
    }

    void enter(Stage next, long at) {
        previousStage = stage;
        previousSince = stageSince;
        stage = next;
        stageSince = at;
    }

    void moveTo(Step next, long at) {
        step = next;
        stepSince = at;
    }

    /** Take note of an event; tell whether it was seen within the lateness before. */
    boolean isDuplicate(String identity, long at) {
        seen.removeIf(it -> it.at < at - LATENESS);
        for (Seen it : seen) if (it.identity.equals(identity)) return true;
        seen.add(new Seen(identity, at));
        return false;
    }

    /** Add to a count of browsing (none: -1), and to the sessions if one begins. */
    void browse(int column, long at) {
        if (lastBrowsed == Time.NEVER || at - lastBrowsed > SESSION) days.add(SESSIONS, 1, at);
        lastBrowsed = lastBrowsed == Time.NEVER ? at : Math.max(lastBrowsed, at);
        if (column >= 0) days.add(column, 1, at);
    }

    void openTicket(String id, long at) {
        for (Ticket it : tickets) if (it.id.equals(id)) return;
        if (tickets.size() < MAX_TICKETS) tickets.add(new Ticket(id, at));
    }

    void solveTicket(String id) {
        tickets.removeIf(it -> it.id.equals(id));
    }

    void rate(int hundredths, long at) {
        ratings.add(RATINGS, 1, at);
        ratings.add(RATING_SUM, hundredths, at);
        lastRating = hundredths;
        ratedAt = at;
    }
}
