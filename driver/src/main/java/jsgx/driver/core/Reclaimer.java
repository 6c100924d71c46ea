package jsgx.driver.core;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jsgx.driver.Workload;

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

    private int reclaim(int[] chunk) {
        EpcPages pages = kernel.pages();
        int old = 0;
        for (int page : chunk) {
            Enclave enclave = pages.enclave(page);
            if (enclave.testAndClearYoung(pages.address(page))) {
                pages.putBack(page);
                enclave.drop();
            } else {
                enclave.paging().beginReclaim(pages.address(page));
                chunk[old++] = page;
            }
        }
        for (int i = 0; i < old; i++) {
            Enclave enclave = pages.enclave(chunk[i]);
            enclave.zap(pages.address(chunk[i]));
            enclave.paging().block(chunk[i]);
        }
        for (int i = 0; i < old; i++) {
            int page = chunk[i];
            Enclave enclave = pages.enclave(page);
            enclave.paging().write(page, pages.address(page));
            kernel.free(page, enclave.workload());
            enclave.drop();
        }
        return old;
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
