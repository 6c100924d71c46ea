package jsgx.driver.core;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/**
 * The reclaimer: writes pages that nobody accessed lately to ordinary memory, {@link #SCAN} at a time. Those who need a page do
 * it themselves; a thread does it in the background while fewer than {@link #LOW} pages are free, until {@link #HIGH} are.
 */
public final class Reclaimer {

    /** SGX_NR_LOW_PAGES. */
    public static final int LOW = 32;

    /** SGX_NR_HIGH_PAGES. */
    public static final int HIGH = 64;

    /** SGX_NR_TO_SCAN. */
    public static final int SCAN = 16;

    private static final long WAIT_NANOS = 20_000;

    private final Kernel kernel;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicBoolean thread = new AtomicBoolean();
    private volatile boolean stopped;

    Reclaimer(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Whether somebody reclaims pages right now, so that some may soon be free. */
    boolean isBusy() {
        return running.get() > 0;
    }

    /** sgx_reclaim_direct: for those who may soon need pages, with no enclave's lock held. */
    public void reclaimBelowLow() {
        if (shouldReclaim(LOW)) {
            reclaim();
        }
    }

    /**
     * Reclaims one batch. The caller holds no enclave's lock and no processor.
     *
     * @return how many pages are free that were not
     */
    public int reclaim() {
        running.getAndIncrement();
        try {
            int[] chunk = new int[SCAN];
            int count = kernel.pages().isolate(chunk);
            return reclaim(Arrays.copyOf(chunk, count));
        } finally {
            running.getAndDecrement();
        }
    }

    /**
     * Reclaims one batch of one workload's pages, nobody else's. The caller holds no enclave's lock and no processor.
     *
     * @return how many pages are free that were not
     */
    int reclaim(Workload workload) {
        running.getAndIncrement();
        try {
            int[] chunk = new int[SCAN];
            int count = kernel.pages().isolate(chunk, workload);
            return reclaim(Arrays.copyOf(chunk, count));
        } finally {
            running.getAndDecrement();
        }
    }

    /** What one page brings up keeps none of the others: it stays in the EPC, for the next that look for pages. */
    private int reclaim(int[] isolated) {
        Batch batch = new Batch(isolated);
        batch.each(this::mark, this::putBack);
        batch.each(this::block, this::unmark);
        batch.each(this::write, this::afterWrite);
        batch.each(this::free, page -> {});
        batch.rethrow();
        return batch.count;
    }

    /** Whether nobody accessed the page lately: it is on its way out then. */
    private boolean mark(int page) {
        EpcPages pages = kernel.pages();
        Enclave enclave = pages.enclave(page);
        if (enclave.testAndClearYoung(pages.address(page))) {
            return false;
        }
        enclave.paging().beginReclaim(pages.address(page));
        return true;
    }

    private boolean block(int page) {
        EpcPages pages = kernel.pages();
        Enclave enclave = pages.enclave(page);
        enclave.zap(pages.address(page));
        enclave.paging().block(page);
        return true;
    }

    private boolean write(int page) {
        EpcPages pages = kernel.pages();
        pages.enclave(page).paging().write(page, pages.address(page));
        return true;
    }

    private boolean free(int page) {
        Enclave enclave = kernel.pages().enclave(page);
        try {
            kernel.free(page, enclave.workload());
            return true;
        } finally {
            enclave.drop();
        }
    }

    private void putBack(int page) {
        Enclave enclave = kernel.pages().enclave(page);
        kernel.pages().putBack(page);
        enclave.drop();
    }

    private void unmark(int page) {
        EpcPages pages = kernel.pages();
        pages.enclave(page).paging().endReclaim(pages.address(page));
        putBack(page);
    }

    /** A blocked page that was not written stays marked, since nobody can use it: the next attempt writes it. One that was written is free. */
    private void afterWrite(int page) {
        EpcPages pages = kernel.pages();
        if (pages.enclave(page).paging().isAt(pages.address(page), page)) {
            putBack(page);
        } else {
            free(page);
        }
    }

    /** Isolated pages, and what the steps make of them. */
    private static final class Batch {

        private final int[] pages;
        private int count;
        private @Nullable RuntimeException exception;
        private @Nullable Error error;

        Batch(int[] pages) {
            this.pages = pages;
            count = pages.length;
        }

        /** Takes a step with each page; those with which it does not go on are left. */
        void each(IntPredicate step, IntConsumer leave) {
            int goOn = 0;
            for (int i = 0; i < count; i++) {
                int page = pages[i];
                if (attempt(page, step)) {
                    pages[goOn++] = page;
                } else {
                    attempt(page, left -> {
                        leave.accept(left);
                        return true;
                    });
                }
            }
            count = goOn;
        }

        private boolean attempt(int page, IntPredicate step) {
            try {
                return step.test(page);
            } catch (RuntimeException e) {
                exception = e;
            } catch (Error e) {
                error = e;
            }
            return false;
        }

        void rethrow() {
            if (error != null) {
                throw error;
            }
            if (exception != null) {
                throw exception;
            }
        }
    }

    /** Lets others go on who hold the pages or the locks that a page would come from. */
    public static void waitALittle() {
        LockSupport.parkNanos(WAIT_NANOS);
    }

    private boolean shouldReclaim(int mark) {
        return kernel.pages().free() < mark && kernel.pages().reclaimable() > 0;
    }

    /** Wakes the background thread where few pages are free. */
    void wakeBelowLow() {
        if (shouldReclaim(LOW)) {
            wake();
        }
    }

    private void wake() {
        if (kernel.options().swapThread() && !stopped && thread.compareAndSet(false, true)) {
            Thread.ofPlatform().daemon().name("ksgxd").start(this::reclaimUntilHigh);
        }
    }

    private void reclaimUntilHigh() {
        try {
            while (!stopped && shouldReclaim(HIGH)) {
                if (reclaim() == 0) {
                    waitALittle();
                }
            }
        } finally {
            thread.set(false);
        }
    }

    /** What a page fault does that found no free page, or no room in its workload's account, before it tries again. */
    public void helpFault(Workload workload) {
        if (kernel.isFull(workload)) {
            // The background thread knows nothing of accounts.
            if (reclaim(workload) == 0) {
                waitALittle();
            }
        } else if (kernel.options().swapThread()) {
            wake();
            waitALittle();
        } else if (reclaim() == 0) {
            waitALittle();
        }
    }

    /** Ends the background thread. */
    public void stop() {
        stopped = true;
    }
}
