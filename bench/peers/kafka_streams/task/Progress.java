package task;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;

/** Progress of a program, as in task.py: a mark for the first record, each twentieth of all, and the last. */
public final class Progress {
    private final Path file = Path.of(System.getenv("BENCH_FOLDER"), "progress");
    private final long all = Long.parseLong(System.getenv("BENCH_EVENTS"));
    private final long step = Math.max(1, all / 20);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long records;

    /** Count a record. */
    public synchronized void add() {
        records++;
        if (records == 1 || records % step == 0 || records == all) mark();
        if (records == all) ended.countDown();
    }

    /** Begin with the marks anew: until now it was not under way with all of its partitions. */
    public synchronized void restart() throws IOException {
        Files.deleteIfExists(file);
        if (records > 0) mark();
    }

    /** Tell whether the last record was counted. */
    public boolean isEnded() {
        return ended.getCount() == 0;
    }

    /** Return once the last record was counted. */
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }

    private void mark() {
        String line = records + " " + System.nanoTime() / 1e9 + " " + system.getProcessCpuTime() / 1e9 + "\n";
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
