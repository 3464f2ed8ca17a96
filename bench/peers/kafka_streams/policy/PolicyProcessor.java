package policy;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** The policy on a partition: events as they come, deadlines each second. */
final class PolicyProcessor implements Processor<String, byte[], String, byte[]> {
    static final String STORE = "customers";
    static final String TRANSITIONS = "transitions";
    static final String REJECTS = "rejects";

    private static final long LATENESS = Time.HOUR;
    private static final long MAX_AHEAD = 5 * Time.MINUTE;

    private final ObjectReader reader =
            new ObjectMapper().disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT).readerFor(Event.class);
    private final Decider decider = new Decider();
    private final Agenda agenda = new Agenda();
    private final Settlement settlement;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> customers;
    private long streamTime = -1;
    private boolean idle;

    PolicyProcessor(Settlement settlement) {
        this.settlement = settlement;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        settlement.opened(context.taskId().partition());
        customers = context.getStateStore(STORE);
        try (KeyValueIterator<String, byte[]> all = customers.all()) {
            all.forEachRemaining(it -> agenda.plan(it.key, CustomerBytes.deadline(it.value)));
        }
        context.schedule(Duration.ofSeconds(1), PunctuationType.WALL_CLOCK_TIME, this::pass);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        idle = false;
        streamTime = Math.max(streamTime, record.timestamp());
        try {
            take(record);
        } catch (Event.UnusableException unusable) {
            reject(record, unusable.getMessage());
        } catch (DateTimeParseException error) {
            reject(record, "bad_timestamp");
        } catch (JsonParseException error) {
            reject(record, "not_json");
        } catch (IOException | RuntimeException error) {
            reject(record, "invalid");
        }
        settlement.counted();
    }

    private void take(Record<String, byte[]> record) throws IOException {
        if (record.value() == null) throw new Event.UnusableException("tombstone");
        Event event = reader.readValue(record.value());
        String user = event.userId;
        if (user == null || user.isEmpty()) throw new Event.UnusableException("missing_user");
        if (!user.equals(record.key())) throw new Event.UnusableException("key_mismatch");
        if (event.timestamp == null) throw new Event.UnusableException("missing_timestamp");
        long at = Time.parsed(event.timestamp);
        EventName name = event.name();
        if (name == null) return;
        if (at > record.timestamp() + MAX_AHEAD) throw new Event.UnusableException("from_the_future");
        if (at < streamTime - LATENESS) throw new Event.UnusableException("late");
        byte[] stored = customers.get(user);
        Customer customer = stored == null ? new Customer() : CustomerBytes.decode(stored);
        List<byte[]> told = new ArrayList<>(2);
        decider.apply(customer, user, name, event, at, told::add);
        store(user, customer);
        for (byte[] value : told) context.forward(record.withValue(value), TRANSITIONS);
    }

    private void reject(Record<String, byte[]> record, String reason) {
        String text = "{\"reason\":\"" + reason + "\",\"partition\":" + context.taskId().partition() + "}";
        context.forward(record.withValue(text.getBytes(StandardCharsets.UTF_8)), REJECTS);
    }

    /** Decide what is due: until the last record, or, when no record has come for a second, until now. */
    private void pass(long now) {
        long upto = idle ? now : streamTime;
        for (String user; (user = agenda.next(upto)) != null; ) {
            byte[] stored = customers.get(user);
            long deadline = CustomerBytes.deadline(stored);
            if (deadline > upto) {
                agenda.plan(user, deadline);
                continue;
            }
            String owner = user;
            Customer customer = CustomerBytes.decode(stored);
            decider.advance(customer, user, upto, it -> context.forward(new Record<>(owner, it, upto), TRANSITIONS));
            store(user, customer);
        }
        if (idle) settlement.settled(context.taskId().partition());
        idle = true;
    }

    private void store(String user, Customer customer) {
        customers.put(user, CustomerBytes.encode(customer));
        agenda.plan(user, customer.deadline);
    }
}
