package policy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A file of events, one a line and sorted by instant, and the customers that it leaves behind at an instant. */
final class History {
    private final Path file;
    private final long until;

    History(Path file, long until) {
        this.file = file;
        this.until = until;
    }

    /** Write all transitions into a file. */
    void tell(Path result) throws IOException {
        try (OutputStream out = Files.newOutputStream(result)) {
            List<byte[]> told = new ArrayList<>();
            live(told::add);
            for (byte[] it : told) {
                out.write(it);
                out.write('\n');
            }
        }
    }

    /** Fill the changelog of a store with so many customers, copies of those who lived through this. */
    void copyInto(String topic, String broker, int copies) throws IOException {
        List<byte[]> originals = new ArrayList<>();
        for (Customer it : live(value -> {}).values()) originals.add(CustomerBytes.encode(it));
        Properties settings = new Properties();
        settings.put("bootstrap.servers", broker);
        settings.put("linger.ms", "50");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            AtomicReference<Exception> failure = new AtomicReference<>();
            for (int number = 0; number < copies; number++) {
                byte[] key = String.format("customer-%08d", number).getBytes(StandardCharsets.UTF_8);
                byte[] value = originals.get(number % originals.size());
                producer.send(new ProducerRecord<>(topic, null, until, key, value), (written, error) -> {
                    if (error != null) failure.compareAndSet(null, error);
                });
            }
            producer.flush();
            if (failure.get() != null) throw new IOException("not all customers could be written", failure.get());
        }
    }

    private Map<String, Customer> live(Consumer<byte[]> out) throws IOException {
        ObjectReader reader = new ObjectMapper().readerFor(Event.class);
        Decider decider = new Decider();
        Map<String, Customer> customers = new TreeMap<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line; (line = lines.readLine()) != null; ) {
                Event event = reader.readValue(line);
                if (event.name() == null) continue;
                Customer customer = customers.computeIfAbsent(event.userId, it -> new Customer());
                try {
                    decider.apply(customer, event.userId, event.name(), event, Time.parsed(event.timestamp), out);
                } catch (Event.UnusableException unusable) {
                    continue; // a reject
                }
            }
        }
        customers.forEach((user, customer) -> decider.advance(customer, user, until, out));
        return customers;
    }
}
