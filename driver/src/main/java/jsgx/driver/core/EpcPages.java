package jsgx.driver.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import jsgx.arch.epc.Epc;
import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/**
 * What the driver keeps for each EPC page: whether it is free, in use, or could be reclaimed, and which page of which enclave it
 * holds. Free pages form a stack for each section, without a lock.
 *
 * <p>The kernel keeps pages that could be reclaimed in one list under one lock, in the order in which they were loaded; here a
 * hand goes round all pages. Both give a page that was accessed a second chance; nobody waits for the hand.
 */
public final class EpcPages {

    /** {@link #take}: there is no free page. */
    static final int NONE = -1;

    private static final int FREE = 0;
    private static final int USED = 1;
    private static final int RECLAIMABLE = 2;
    private static final int ISOLATED = 3;

    private static final VarHandle STATE = MethodHandles.arrayElementVarHandle(int[].class);
    private static final long INDEX_MASK = 0xffff_ffffL;
    private static final long TAG = 1L << 32;

    /** For each section the top of its stack: the index plus 1 of a page below, and a tag against reuse above. */
    private final AtomicLong[] tops;

    private final int[] firstPage;
    private final int[] next;
    private final int[] state;
    private final @Nullable Enclave[] owner;
    private final long[] address;
    private final AtomicInteger free = new AtomicInteger();
    private final AtomicInteger reclaimable = new AtomicInteger();
    private final AtomicInteger hand = new AtomicInteger();
    private final AtomicInteger workloadHand = new AtomicInteger();

    EpcPages(List<Epc.Range> sections) {
        int pages = sections.stream().mapToInt(Epc.Range::pages).sum();
        next = new int[pages];
        state = new int[pages];
        owner = new @Nullable Enclave[pages];
        address = new long[pages];
        tops = new AtomicLong[sections.size()];
        firstPage = new int[sections.size()];
        int first = 0;
        for (int s = 0; s < tops.length; s++) {
            tops[s] = new AtomicLong();
            firstPage[s] = first;
            first += sections.get(s).pages();
        }
        for (int page = pages - 1; page >= 0; page--) {
            put(page);
        }
    }

    public int total() {
        return state.length;
    }

    public int free() {
        return free.get();
    }

    /** How many pages could be reclaimed. */
    public int reclaimable() {
        return reclaimable.get();
    }

    /** Takes a free page, or {@link #NONE}. */
    int take() {
        for (int s = 0; s < tops.length; s++) {
            AtomicLong top = tops[s];
            while (true) {
                long seen = top.get();
                int page = (int) (seen & INDEX_MASK) - 1;
                if (page < 0) {
                    break;
                }
                int below = (int) STATE.getVolatile(next, page);
                if (top.compareAndSet(seen, ((seen & ~INDEX_MASK) + TAG) | Integer.toUnsignedLong(below))) {
                    state[page] = USED;
                    free.getAndDecrement();
                    return page;
                }
            }
        }
        return NONE;
    }

    /** Gives back a page that is in use. */
    void put(int page) {
        owner[page] = null;
        state[page] = FREE;
        AtomicLong top = tops[section(page)];
        while (true) {
            long seen = top.get();
            STATE.setVolatile(next, page, (int) (seen & INDEX_MASK));
            if (top.compareAndSet(seen, ((seen & ~INDEX_MASK) + TAG) | (page + 1L))) {
                break;
            }
        }
        free.getAndIncrement();
    }

    /** A page that is in use may be reclaimed from now on. */
    public void markReclaimable(int page, Enclave enclave, long linAddr) {
        owner[page] = enclave;
        address[page] = linAddr;
        STATE.setVolatile(state, page, RECLAIMABLE);
        reclaimable.getAndIncrement();
    }

    /** A page may not be reclaimed any more; false where that is being done already. */
    public boolean unmarkReclaimable(int page) {
        if (STATE.compareAndSet(state, page, RECLAIMABLE, USED)) {
            reclaimable.getAndDecrement();
            return true;
        }
        return (int) STATE.getVolatile(state, page) != ISOLATED;
    }

    /**
     * Takes pages that may be reclaimed out of the hands of everybody else, and a reference to the enclave of each.
     *
     * @return how many were found
     */
    int isolate(int[] chunk) {
        int count = 0;
        for (int seen = 0; seen < state.length && count < chunk.length && reclaimable.get() > 0; seen++) {
            int page = Math.floorMod(hand.getAndIncrement(), state.length);
            if (isolate(page)) {
                chunk[count++] = page;
            }
        }
        return count;
    }

    /** As {@link #isolate(int[])}, pages of one workload only. */
    int isolate(int[] chunk, Workload workload) {
        int count = 0;
        for (int seen = 0; seen < state.length && count < chunk.length && reclaimable.get() > 0; seen++) {
            int page = Math.floorMod(workloadHand.getAndIncrement(), state.length);
            if (isOf(workload, page) && isolate(page)) {
                // What was isolated stays its owner's; it may be another than a moment ago.
                if (isOf(workload, page)) {
                    chunk[count++] = page;
                } else {
                    Enclave other = enclave(page);
                    putBack(page);
                    other.drop();
                }
            }
        }
        return count;
    }

    private boolean isolate(int page) {
        if ((int) STATE.getVolatile(state, page) != RECLAIMABLE
                || !STATE.compareAndSet(state, page, RECLAIMABLE, ISOLATED)) {
            return false;
        }
        reclaimable.getAndDecrement();
        if (enclave(page).acquire()) {
            return true;
        }
        // The enclave is about to free the page.
        STATE.setVolatile(state, page, USED);
        return false;
    }

    private boolean isOf(Workload workload, int page) {
        Enclave enclave = owner[page];
        return enclave != null && enclave.workload().equals(workload);
    }

    /** Whether a page of a workload could be reclaimed, or is being reclaimed. */
    boolean mayReclaim(Workload workload) {
        for (int page = 0; page < state.length; page++) {
            int seen = (int) STATE.getVolatile(state, page);
            if ((seen == RECLAIMABLE || seen == ISOLATED) && isOf(workload, page)) {
                return true;
            }
        }
        return false;
    }

    /** An isolated page is left alone this time. */
    void putBack(int page) {
        STATE.setVolatile(state, page, RECLAIMABLE);
        reclaimable.getAndIncrement();
    }

    /** The enclave of a page that could be, or is being, reclaimed. */
    Enclave enclave(int page) {
        Enclave enclave = owner[page];
        if (enclave == null) {
            throw new IllegalStateException("EPC page " + page + " has no owner");
        }
        return enclave;
    }

    /** The linear address of a page that could be, or is being, reclaimed. */
    long address(int page) {
        return address[page];
    }

    private int section(int page) {
        int section = firstPage.length - 1;
        while (firstPage[section] > page) {
            section--;
        }
        return section;
    }
}
