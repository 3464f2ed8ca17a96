package policy;

import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;

/** The customers of a partition by their deadlines; an entry that was replaced is passed over when it comes up. */
final class Agenda {
    private record Due(long at, String user) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            return Long.compare(at, other.at);
        }
    }

    private final PriorityQueue<Due> queue = new PriorityQueue<>();
    private final Map<String, Long> planned = new HashMap<>();

    /** Take note of a deadline; a later one than before need not be noted, since the customer is looked at anyway. */
    void plan(String user, long deadline) {
        if (deadline == Time.NEVER) return;
        Long before = planned.get(user);
        if (before == null || deadline < before) {
            planned.put(user, deadline);
            queue.add(new Due(deadline, user));
        }
    }

    /** Take out the next customer who may be due at an instant, null if nobody is. */
    String next(long upto) {
        while (!queue.isEmpty() && queue.peek().at <= upto) {
            Due due = queue.poll();
            if (planned.remove(due.user, due.at)) return due.user;
        }
        return null;
    }
}
