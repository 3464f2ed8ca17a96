package orders;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import task.Progress;

/** The job in Kafka Streams: a processor with a store (RocksDB or in memory), exactly_once_v2, one thread. */
public final class Orders {
    static final double LARGE = 98.0;

    @JsonIgnoreProperties(ignoreUnknown = true)
    public static final class Order {
        public double amount;
        public double at;
    }

    /** How many orders, their sum, the instant of the last, the smoothed gap, and the orders of each fourth day. */
    static final class Numbers {
        long orders;
        double total;
        double last;
        double gap;
        final long[] days = new long[4];

        static Numbers decode(byte[] bytes) {
            Numbers numbers = new Numbers();
            if (bytes != null) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                numbers.orders = buffer.getLong();
                numbers.total = buffer.getDouble();
                numbers.last = buffer.getDouble();
                numbers.gap = buffer.getDouble();
                for (int day = 0; day < 4; day++) numbers.days[day] = buffer.getLong();
            }
            return numbers;
        }

        byte[] encode() {
            ByteBuffer buffer = ByteBuffer.allocate(64);
            buffer.putLong(orders).putDouble(total).putDouble(last).putDouble(gap);
            for (long day : days) buffer.putLong(day);
            return buffer.array();
        }

        void add(Order order) {
            orders++;
            total += order.amount;
            gap = 0.9 * gap + 0.1 * (order.at - last);
            last = order.at;
            days[(int) ((long) order.at / 86400 & 3)]++;
        }

        byte[] announcement(String customer) {
            String text = "{\"customer\":\"" + customer + "\",\"numbers\":[" + orders + "," + total + "," + last + "," + gap
                    + "," + days[0] + "," + days[1] + "," + days[2] + "," + days[3] + "]}";
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    static final class Count implements Processor<String, byte[], String, byte[]> {
        private final ObjectReader reader = new ObjectMapper().readerFor(Order.class);
        private final Progress progress;
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, byte[]> customers;

        Count(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            customers = context.getStateStore("customers");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            try {
                Order order = reader.readValue(record.value());
                Numbers numbers = Numbers.decode(customers.get(record.key()));
                numbers.add(order);
                customers.put(record.key(), numbers.encode());
                if (order.amount >= LARGE) context.forward(record.withValue(numbers.announcement(record.key())));
                progress.add();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        boolean inMemory = arguments[0].equals("memory");
        Progress progress = new Progress();
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
                        inMemory
                                ? Stores.inMemoryKeyValueStore("customers")
                                : Stores.persistentKeyValueStore("customers"),
                        Serdes.String(),
                        Serdes.ByteArray())
                .withCachingEnabled()
                .withLoggingEnabled(Map.of()));
        builder.<String, byte[]>stream(System.getenv("BENCH_TOPIC"))
                .process(() -> new Count(progress), "customers")
                .to(System.getenv("BENCH_OUTPUT"));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings());
        streams.start();
        progress.awaitEnd();
        streams.close();
    }

    static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("BENCH_NAME"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("BENCH_BROKER"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("BENCH_FOLDER") + "/state");
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        return settings;
    }

    private Orders() {}
}
