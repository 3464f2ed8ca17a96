package policy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/**
 * The policy that ships, by hand in Kafka Streams: one processor and one store, exactly_once_v2, one thread.
 *
 * <p>{@code run memory|rocksdb} on Kafka; {@code tell HISTORY UNTIL RESULT} without it; {@code copy HISTORY UNTIL
 * CUSTOMERS} fills the changelog from which a run restores its customers.
 */
public final class Main {
    private static final long CACHE_BYTES = 64L << 20;

    public static void main(String[] given) throws IOException, InterruptedException {
        switch (given[0]) {
            case "run" -> run(given[1]);
            case "tell" -> history(given).tell(Path.of(given[3]));
            case "copy" -> {
                String changelog = variable("NAME") + "-" + PolicyProcessor.STORE + "-changelog";
                history(given).copyInto(changelog, variable("BROKER"), Integer.parseInt(given[3]));
            }
            default -> throw new IllegalArgumentException("run, tell or copy, not " + given[0]);
        }
    }

    private static History history(String[] given) {
        return new History(Path.of(given[1]), Long.parseLong(given[2]));
    }

    private static void run(String store) throws InterruptedException {
        Settlement settlement = new Settlement();
        try (KafkaStreams streams = new KafkaStreams(topology(store, settlement), settings())) {
            streams.setStateListener((now, before) -> {
                if (now == KafkaStreams.State.RUNNING) settlement.restored();
            });
            streams.start();
            settlement.await();
        }
    }

    private static Topology topology(String store, Settlement settlement) {
        String processor = "policy";
        KeyValueBytesStoreSupplier supplier = store.equals("memory")
                ? Stores.inMemoryKeyValueStore(PolicyProcessor.STORE)
                : Stores.persistentKeyValueStore(PolicyProcessor.STORE);
        return new Topology()
                .addSource("inputs", variable("TOPIC").split(","))
                .addProcessor(processor, () -> new PolicyProcessor(settlement), "inputs")
                .addStateStore(
                        Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.ByteArray())
                                .withCachingEnabled()
                                .withLoggingEnabled(Map.of()),
                        processor)
                .addSink(PolicyProcessor.TRANSITIONS, variable("OUTPUT"), processor)
                .addSink(PolicyProcessor.REJECTS, variable("REJECTS"), processor);
    }

    private static Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, variable("NAME"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, variable("BROKER"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, variable("FOLDER") + "/state");
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        return settings;
    }

    private static String variable(String name) {
        return System.getenv("BENCH_" + name);
    }

    private Main() {}
}
