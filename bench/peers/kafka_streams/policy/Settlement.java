package policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import task.Progress;

/** Whether all is done: the last record is counted, and then every partition has decided what was due. */
final class Settlement {
    private final Progress progress = new Progress();
    private final Set<Integer> open = new HashSet<>();
    private final CountDownLatch done = new CountDownLatch(1);

    synchronized void opened(int partition) {
        open.add(partition);
    }

    /** All customers are there. */
    void restored() {
        try {
            progress.restart();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    void counted() {
        progress.add();
    }

    synchronized void settled(int partition) {
        if (progress.isEnded() && open.remove(partition) && open.isEmpty()) done.countDown();
    }

    void await() throws InterruptedException {
        done.await();
    }
}
