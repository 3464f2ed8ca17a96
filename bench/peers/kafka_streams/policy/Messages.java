package policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Writes what one decision changed, with the figures after it. */
final class Messages {
    private static final String POLICY_VERSION = "retail@by-hand";
    private static final char[] DIGITS = "0123456789abcdef".toCharArray();
    private static final int ID_BYTES = 12;

    private final ObjectWriter writer = new ObjectMapper().writerFor(Message.class);
    private final MessageDigest digest;

    Messages() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);
        }
    }

    /** One decision; its messages leave in the order in which they are asked for. */
    final class Decision {
        private final Customer customer;
        private final String user;
        private final Figures it;
        private final Cause cause;
        private final Consumer<byte[]> out;
        private final List<String> segments = new ArrayList<>(2);
        private final List<String> steps;
        private final Expected expected;

        Decision(Customer customer, String user, Figures figures, Cause cause, Consumer<byte[]> out) {
            this.customer = customer;
            this.user = user;
            this.it = figures;
            this.cause = cause;
            this.out = out;
            for (Segment segment : Segment.ALL) if (customer.isIn(segment)) segments.add(segment.key);
            segments.sort(null);
            steps = customer.step == null ? List.of() : List.of(Step.LADDER + ":" + customer.step.key);
            expected = Expected.of(customer, figures);
        }

        void stage(Stage before, boolean undone) {
            Stage now = customer.stage;
            boolean moreSilent = now.silence() > before.silence();
            String deadline = !moreSilent ? "loyalty" : now == Stage.AT_RISK ? "patience" : "churn";
            write("Lifecycle Stage Changed", null, properties(
                    Lifecycle.why(customer, it, before), deadline, before.key, now.key, before.stepTo(now, undone),
                    null, null, null));
        }

        void step(Step before) {
            write("Ladder Step Changed", Step.LADDER, properties(
                    Step.why(it), "ladder", Step.key(before), Step.key(customer.step), null,
                    Step.direction(before, customer.step), null, null));
        }

        void segment(Segment segment) {
            boolean isIn = customer.isIn(segment);
            write(isIn ? "Audience Entered" : "Audience Exited", segment.key, properties(
                    segment.why(customer, it), "audience", isIn ? "out" : "in", isIn ? "in" : "out", null, null,
                    segment, isIn ? Time.text(customer.joined[segment.ordinal()]) : null));
        }

        private Message.Properties properties(
                String why, String deadline, String from, String to, String transition, String direction,
                Segment segment, String memberSince) {
            long revenue = customer.orders.revenue();
            double gaps = it.orders == 0 ? 0 : customer.orders.begun() - customer.orders.first();
            boolean isLadder = direction != null;
            return new Message.Properties(
                    why, cause.kind(), cause.event(), cause.deadline(deadline), cause.messageId(),
                    ++customer.published, POLICY_VERSION, false, false, null, 0, customer.stage.key, it.orders,
                    revenue / 100.0,
                    it.orders == 0 ? null : Time.rounded((double) revenue / it.orders / 100),
                    it.orders == 0 ? null : Time.days(it.silence),
                    it.occasions < 2 ? null : Time.days(gaps / (it.occasions - 1)),
                    it.orders == 0 ? null : Time.days(it.shortened(it.patience)),
                    expected.transition(), expected.transition() == null ? null : Time.text(expected.at()),
                    segments, segments.size(),
                    customer.previousStage == null ? null : customer.previousStage.key,
                    customer.previousStage == null ? null : Time.text(customer.previousSince),
                    steps, null, from, to, transition,
                    isLadder ? Step.LADDER : null, isLadder ? Step.LADDER_NAME : null, direction,
                    segment == null ? null : segment.key, segment == null ? null : segment.title, memberSince,
                    memberSince == null ? null : false);
        }

        private void write(String event, String key, Message.Properties told) {
            String identity = user + '|' + it.at + '|' + key + '|' + told.from() + '|' + told.to() + '|' + told.cause()
                    + '|' + told.causeMessageId();
            try {
                out.accept(writer.writeValueAsBytes(
                        new Message("track", event, id(identity), user, Time.text(it.at), told)));
            } catch (JsonProcessingException error) {
                throw new IllegalStateException(error);
            }
        }
    }

    private String id(String identity) {
        byte[] hash = digest.digest(identity.getBytes(StandardCharsets.UTF_8));
        char[] text = new char[2 * ID_BYTES];
        for (int place = 0; place < ID_BYTES; place++) {
            text[2 * place] = DIGITS[hash[place] >> 4 & 15];
            text[2 * place + 1] = DIGITS[hash[place] & 15];
        }
        return new String(text);
    }
}
