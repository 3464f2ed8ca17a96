package policy;

import java.util.function.Consumer;

/** Lets events and time act on customers, and tells what changes. It knows nothing of Kafka. */
final class Decider {
    private final Messages messages = new Messages();

    /** Decide what time alone brings about until an instant, this one included. */
    void advance(Customer customer, String user, long upto, Consumer<byte[]> out) {
        while (customer.deadline <= upto) {
            decide(customer, user, customer.deadline, OrderBook.Effect.NONE, Cause.TIME, out);
        }
    }

    /** Take an event; it changes nothing if it is a duplicate. Throws {@link Event.UnusableException}. */
    void apply(Customer customer, String user, EventName name, Event event, long at, Consumer<byte[]> out) {
        String identity = event.identity(name);
        customer.appear(at);
        long now = Math.max(at, customer.decidedAt);
        advance(customer, user, now, out);
        if (customer.isDuplicate(identity, at)) return;
        OrderBook.Effect effect = Facts.apply(customer, name, event, at);
        decide(customer, user, now, effect, new Cause(name.text, event.messageId), out);
    }

    private void decide(
            Customer customer, String user, long at, OrderBook.Effect effect, Cause cause, Consumer<byte[]> out) {
        Figures figures = new Figures(customer, at);
        customer.decidedAt = at;
        Loyalty.decide(customer, figures);
        Stage stage = customer.stage;
        Stage nextStage = Lifecycle.stage(customer, figures, effect);
        if (nextStage != stage) customer.enter(nextStage, at);
        Step step = customer.step;
        Step nextStep = Step.of(customer, figures);
        if (nextStep != step) customer.moveTo(nextStep, at);
        int changed = 0;
        for (Segment segment : Segment.ALL) if (segment.decide(customer, figures)) changed |= 1 << segment.ordinal();
        customer.deadline = Deadline.of(customer, figures);
        if (nextStage == stage && nextStep == step && changed == 0) return;
        Messages.Decision decision = messages.new Decision(customer, user, figures, cause, out);
        if (nextStage != stage) decision.stage(stage, effect == OrderBook.Effect.UNDONE);
        if (nextStep != step) decision.step(step);
        for (Segment segment : Segment.ALL) {
            if ((changed >> segment.ordinal() & 1) == 1) decision.segment(segment);
        }
    }
}
