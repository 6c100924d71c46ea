package jsgx.machine.space;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.space.ShownPages.Change;
import jsgx.machine.task.Agent;
import org.jspecify.annotations.Nullable;

/**
 * The page tables of one address space of the program, as far as they lead to EPC pages, and which of these pages the process really has mapped.
 *
 * <h2>Two levels</h2>
 *
 * <p>An entry says what the kernel's page tables would say: an EPC page and the protection of its mapping. Whether the process <em>shows</em> the page is another
 * matter, as it is with a TLB: a page is shown with what its mapping and the EPCM both allow, and not at all while the EPCM allows nothing, while nobody has touched it
 * since the reclaimer looked, or while there are too many runs of pages for the kernel's limit of mappings (vm.max_map_count). An access to a page that is
 * not shown faults, and {@link #show} makes it good without asking the driver. Where a page is not shown there is an inaccessible reservation in its
 * place, so that nothing else of the program gets there.
 *
 * <h2>Young pages</h2>
 *
 * <p>There is no accessed bit without root. A page counts as accessed when it is shown or when a leaf went through its entry; being asked clears that, and the page stops being shown,
 * so that the next access is noticed. The reclaimer asks for a batch of pages: they stop being shown together, a few questions later, and at the latest when one of
 * them is asked for again. An access in between is not noticed, which makes a page one scan older than it is. A page that is
 * about to be written out is never shown any more: it was not accessed since it stopped being.
 *
 * <h2>Lock</h2>
 *
 * <p>The lock is taken inside all locks of the driver and outside that of the agent, and nothing of the driver is called under it.
 */
final class EpcPageTable {

    /** So many pages that the reclaimer has asked for stop being shown together. */
    private static final int AGING_BATCH = 64;

    private static final int NOT_USABLE = Epcm.PENDING | Epcm.MODIFIED | Epcm.BLOCKED;

    /** So many areas of an address space are left to the program, whose own mmap would fail for want of them. */
    private static final int PROGRAMS_AREAS = 16_384;

    private final Agent agent;
    private final Epcm epcm;
    private final ReentrantLock lock = new ReentrantLock();

    // All guarded by the lock.
    private final PageEntries entries = new PageEntries();
    private final long[] aging = new long[AGING_BATCH];
    private int agingCount;
    private long closedStart;
    private long closedEnd;
    private final @Nullable Concealment concealment;
    private final ShownPages shown;

    EpcPageTable(Agent agent, Epcm epcm) {
        this(agent, epcm, false);
    }

    /**
     * A page table without entries.
     *
     * @param strict whether the pages of an enclave are shown only while a thread is inside
     */
    EpcPageTable(Agent agent, Epcm epcm, boolean strict) {
        this(agent, epcm, strict, Linux.maxMapCount() - PROGRAMS_AREAS);
    }

    /**
     * For a test.
     *
     * @param limit so many areas of the address space (vm_area_struct) pages and the reservations between them may take, about
     */
    EpcPageTable(Agent agent, Epcm epcm, boolean strict, int limit) {
        this.agent = agent;
        this.epcm = epcm;
        this.concealment = strict ? new Concealment() : null;
        this.shown = new ShownPages(agent, entries, concealment, limit);
    }

    /** A thread is inside an enclave from now on. */
    void enter(long base, long size) {
        lock.lock();
        try {
            if (concealment != null && concealment.enter(base, size)) {
                removeOnes(base >>> Epc.PAGE_SHIFT, (base + size) >>> Epc.PAGE_SHIFT);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A thread has left an enclave: where it was the last, no page is shown any more. */
    void leave(long base, long size) {
        List<Change> changes = new ArrayList<>();
        lock.lock();
        try {
            if (concealment != null && concealment.leave(base)) {
                entries.forEach(base >>> Epc.PAGE_SHIFT, (base + size) >>> Epc.PAGE_SHIFT, (page, entry) -> {
                    if (PageEntries.shown(entry) != 0) {
                        ShownPages.add(changes, ShownPages.change(page, entry, 0));
                    }
                });
                shown.apply(changes);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Shows all ones in place of a page of an enclave in which no thread is.
     *
     * @param fill fills the page, which is writable, at its address
     * @return false where there is a thread inside, or pages are shown to everybody
     */
    boolean showOnes(long address, LongConsumer fill) {
        long page = address >>> Epc.PAGE_SHIFT;
        lock.lock();
        try {
            if (concealment == null || concealment.permits(page)) {
                return false;
            }
            long start = page << Epc.PAGE_SHIFT;
            long result = agent.systemCall(
                    SystemCall.MMAP,
                    start,
                    Epc.PAGE_SIZE,
                    Linux.PROT_READ | Linux.PROT_WRITE,
                    Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED,
                    -1,
                    0);
            if (Linux.failed(result)) {
                return false;
            }
            fill.accept(start);
            concealment.ones(page);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void removeOnes(long start, long end) {
        if (concealment != null) {
            for (long page : concealment.takeOnes(start, end)) {
                agent.systemCalls(ShownPages.reservation(page << Epc.PAGE_SHIFT, Epc.PAGE_SIZE));
            }
        }
    }

    /** Whom to tell of changes from now on. */
    void watch(PageWatcher newWatcher) {
        lock.lock();
        try {
            shown.watch(newWatcher);
        } finally {
            lock.unlock();
        }
    }

    /** Does something during which no entry and no page that is shown changes. */
    <T> T unchanged(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Enters a page, and shows it: it was mapped because somebody wants to access it. */
    void map(long address, int epcPage, int protection) {
        long page = address >>> Epc.PAGE_SHIFT;
        lock.lock();
        try {
            if (page >= closedStart && page < closedEnd) {
                return;
            }
            shown.tell(page, 1);
            long old = entries.get(page);
            long entry = PageEntries.entry(epcPage, protection);
            if (PageEntries.shown(old) != 0) {
                if (PageEntries.epcPage(old) == epcPage) {
                    entry = PageEntries.withShown(entry, PageEntries.shown(old));
                } else {
                    shown.apply(List.of(new Change(page, 1, 0, 0, true)));
                }
            }
            entries.set(page, entry);
            show(page, entry);
        } finally {
            lock.unlock();
        }
    }

    /** Shows a page as its mapping and the EPCM allow it now; false where there is no entry for it. */
    boolean show(long address) {
        long page = address >>> Epc.PAGE_SHIFT;
        lock.lock();
        try {
            long entry = entries.get(page);
            if (entry == PageEntries.NONE) {
                return false;
            }
            show(page, entry);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void show(long page, long entry) {
        entries.set(page, PageEntries.accessed(entry));
        int real = real(page, entry);
        if (real != PageEntries.shown(entry)) {
            if (shown.areTooMany()) {
                shown.makeRoom(page, page + 1);
            }
            shown.apply(List.of(ShownPages.change(page, entry, real)));
        }
    }

    /**
     * Takes back from pages that are shown what the EPCM no longer allows, and shows them with what it allows now.
     *
     * @param all whether pages that are not shown are shown too
     */
    void refresh(long start, long end, boolean all) {
        List<Change> changes = new ArrayList<>();
        lock.lock();
        try {
            entries.forEach(start >>> Epc.PAGE_SHIFT, end >>> Epc.PAGE_SHIFT, (page, entry) -> {
                int before = PageEntries.shown(entry);
                int real = before != 0 || all ? real(page, entry) : 0;
                if (real != before) {
                    ShownPages.add(changes, ShownPages.change(page, entry, real));
                    entries.set(page, PageEntries.accessed(entry));
                }
            });
            shown.apply(changes);
        } finally {
            lock.unlock();
        }
    }

    /** Removes the entries between two addresses; what was shown is not any more. */
    void zap(long start, long end) {
        long from = start >>> Epc.PAGE_SHIFT;
        long to = end >>> Epc.PAGE_SHIFT;
        List<Change> changes = new ArrayList<>();
        lock.lock();
        try {
            shown.tell(from, to - from);
            entries.forEach(from, to, (page, entry) -> {
                if (PageEntries.shown(entry) != 0) {
                    ShownPages.add(changes, ShownPages.change(page, entry, 0));
                }
            });
            shown.apply(changes);
            removeOnes(from, to);
            entries.clear(from, to);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the page was accessed since the last such question. */
    boolean testAndClearAccessed(long address) {
        long page = address >>> Epc.PAGE_SHIFT;
        lock.lock();
        try {
            long entry = entries.get(page);
            if (!PageEntries.isAccessed(entry)) {
                if (PageEntries.shown(entry) != 0) {
                    hideAged();
                }
                return false;
            }
            shown.tell(page, 1);
            entries.set(page, PageEntries.aged(entry));
            if (PageEntries.shown(entry) != 0) {
                aging[agingCount++] = page;
                if (agingCount == AGING_BATCH) {
                    hideAged();
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void hideAged() {
        Arrays.sort(aging, 0, agingCount);
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < agingCount; i++) {
            long entry = entries.get(aging[i]);
            boolean twice = i > 0 && aging[i] == aging[i - 1];
            if (!twice && PageEntries.isAged(entry) && PageEntries.shown(entry) != 0) {
                ShownPages.add(changes, ShownPages.change(aging[i], entry, 0));
            }
        }
        agingCount = 0;
        shown.apply(changes);
    }

    /** The EPC page of an entry, which is accessed with that; -1 where there is no entry. */
    int access(long address) {
        long page = address >>> Epc.PAGE_SHIFT;
        lock.lock();
        try {
            long entry = entries.get(page);
            if (entry == PageEntries.NONE) {
                return -1;
            }
            entries.set(page, PageEntries.accessed(entry));
            return PageEntries.epcPage(entry);
        } finally {
            lock.unlock();
        }
    }

    /** The protection with which the process shows a page now; 0 where it does not. */
    int shown(long address) {
        lock.lock();
        try {
            return PageEntries.shown(entries.get(address >>> Epc.PAGE_SHIFT));
        } finally {
            lock.unlock();
        }
    }

    /** Zaps, and keeps the pages between two addresses out until {@link #open}: what they belong to is being unmapped. */
    void close(long start, long end) {
        lock.lock();
        try {
            closedStart = start >>> Epc.PAGE_SHIFT;
            closedEnd = end >>> Epc.PAGE_SHIFT;
            zap(start, end);
        } finally {
            lock.unlock();
        }
    }

    /** Ends {@link #close}. */
    void open() {
        lock.lock();
        try {
            closedStart = 0;
            closedEnd = 0;
        } finally {
            lock.unlock();
        }
    }

    private int real(long page, long entry) {
        if (concealment != null && !concealment.permits(page)) {
            return 0;
        }
        int epcPage = PageEntries.epcPage(entry);
        int flags = epcm.flags(epcPage);
        boolean usable = (flags & Epcm.VALID) != 0
                && (flags & NOT_USABLE) == 0
                && (flags & Epcm.PT_MASK) >>> Epcm.PT_SHIFT == PageType.REG.code()
                && epcm.enclaveAddress(epcPage) == page << Epc.PAGE_SHIFT;
        return usable ? PageEntries.protection(entry) & flags & Epcm.RWX : 0;
    }
}
