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
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
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

    /** So many runs of pages stop being shown where the kernel has no room for another mapping. */
    private static final int ROOM = 2048;

    private static final int NOT_USABLE = Epcm.PENDING | Epcm.MODIFIED | Epcm.BLOCKED;
    private static final int RESERVATION = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE;

    /**
     * Neighbours that get the same.
     *
     * @param epcPage the first page's; those of the others follow it
     * @param protection what they are shown with; 0 for not at all
     * @param mapped whether they are shown already, with another protection
     */
    private record Change(long page, long count, int epcPage, int protection, boolean mapped) {

        boolean isFollowedBy(Change next) {
            return next.page == page + count
                    && next.protection == protection
                    && next.mapped == mapped
                    && (protection == 0 || next.epcPage == epcPage + count);
        }

        Change with(Change next) {
            return new Change(page, count + next.count, epcPage, protection, mapped);
        }

        Agent.Call call(int epcDescriptor) {
            long address = page << Epc.PAGE_SHIFT;
            long length = count << Epc.PAGE_SHIFT;
            if (protection == 0) {
                return reservation(address, length);
            }
            return mapped
                    ? new Agent.Call(SystemCall.MPROTECT, address, length, protection)
                    : new Agent.Call(
                            SystemCall.MMAP,
                            address,
                            length,
                            protection,
                            Linux.MAP_SHARED | Linux.MAP_FIXED,
                            epcDescriptor,
                            (long) epcPage << Epc.PAGE_SHIFT);
        }
    }

    /** So many areas of an address space are left to the program, whose own mmap would fail for want of them. */
    private static final int PROGRAMS_AREAS = 16_384;

    private final Agent agent;
    private final Epcm epcm;
    private final int limit;
    private final ReentrantLock lock = new ReentrantLock();

    // All guarded by the lock.
    private final PageEntries entries = new PageEntries();
    private final long[] aging = new long[AGING_BATCH];
    private int agingCount;
    private long closedStart;
    private long closedEnd;
    private long hand;
    private int areas;
    private final @Nullable Concealment concealment;
    private PageWatcher watcher = (start, end) -> {};

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
        this.limit = limit;
        this.concealment = strict ? new Concealment() : null;
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
                        add(changes, change(page, entry, 0));
                    }
                });
                apply(changes);
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
                agent.systemCalls(reservation(page << Epc.PAGE_SHIFT, Epc.PAGE_SIZE));
            }
        }
    }

    /** Whom to tell of changes from now on. */
    void watch(PageWatcher newWatcher) {
        lock.lock();
        try {
            watcher = newWatcher;
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

    private void tell(long page, long count) {
        watcher.changing(page << Epc.PAGE_SHIFT, (page + count) << Epc.PAGE_SHIFT);
    }

    /** The call that puts an inaccessible reservation where something was. */
    static Agent.Call reservation(long address, long length) {
        return new Agent.Call(SystemCall.MMAP, address, length, Linux.PROT_NONE, RESERVATION | Linux.MAP_FIXED, -1, 0);
    }

    /** Enters a page, and shows it: it was mapped because somebody wants to access it. */
    void map(long address, int epcPage, int protection) {
        long page = address >>> Epc.PAGE_SHIFT;
        lock.lock();
        try {
            if (page >= closedStart && page < closedEnd) {
                return;
            }
            tell(page, 1);
            long old = entries.get(page);
            long entry = PageEntries.entry(epcPage, protection);
            if (PageEntries.shown(old) != 0) {
                if (PageEntries.epcPage(old) == epcPage) {
                    entry = PageEntries.withShown(entry, PageEntries.shown(old));
                } else {
                    apply(List.of(new Change(page, 1, 0, 0, true)));
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
            if (areas > limit) {
                makeRoom(page, page + 1);
            }
            apply(List.of(change(page, entry, real)));
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
                int shown = PageEntries.shown(entry);
                int real = shown != 0 || all ? real(page, entry) : 0;
                if (real != shown) {
                    add(changes, change(page, entry, real));
                    entries.set(page, PageEntries.accessed(entry));
                }
            });
            apply(changes);
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
            tell(from, to - from);
            entries.forEach(from, to, (page, entry) -> {
                if (PageEntries.shown(entry) != 0) {
                    add(changes, change(page, entry, 0));
                }
            });
            apply(changes);
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
            tell(page, 1);
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
                add(changes, change(aging[i], entry, 0));
            }
        }
        agingCount = 0;
        apply(changes);
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

    private static Change change(long page, long entry, int protection) {
        return new Change(page, 1, PageEntries.epcPage(entry), protection, PageEntries.shown(entry) != 0);
    }

    private static void add(List<Change> changes, Change change) {
        if (!changes.isEmpty() && changes.getLast().isFollowedBy(change)) {
            changes.set(changes.size() - 1, changes.getLast().with(change));
        } else {
            changes.add(change);
        }
    }

    private void apply(List<Change> changes) {
        if (changes.isEmpty()) {
            return;
        }
        Agent.Call[] calls = new Agent.Call[changes.size()];
        for (int i = 0; i < calls.length; i++) {
            tell(changes.get(i).page(), changes.get(i).count());
            calls[i] = changes.get(i).call(agent.epcDescriptor());
        }
        long[] results = agent.systemCalls(calls);
        long from = changes.getFirst().page();
        long to = changes.getLast().page() + changes.getLast().count();
        for (int i = 0; i < calls.length; i++) {
            applied(changes.get(i), calls[i], results[i], from, to);
        }
    }

    private void applied(Change change, Agent.Call call, long result, long from, long to) {
        long last = result;
        while (last == -Errors.ENOMEM && makeRoom(from, to)) {
            last = agent.systemCall(call.number(), call.arguments());
        }
        if (Linux.failed(last) && last != -Errors.ESRCH) {
            agent.refused("%d EPC pages cannot be shown at 0x%x with protection %d: %s"
                    .formatted(
                            change.count(), change.page() << Epc.PAGE_SHIFT, change.protection(), Linux.errorText((int)
                                    -last)));
        }
        for (long page = change.page(); page < change.page() + change.count(); page++) {
            long entry = entries.get(page);
            if (entry != PageEntries.NONE) {
                setShown(page, change.protection());
            }
            if (concealment != null) {
                concealment.replaced(page);
            }
        }
    }

    /** Stops showing pages other than those between two, whole runs so that no mapping is split; false where there are none. */
    private boolean makeRoom(long keptFrom, long keptTo) {
        List<Change> runs = new ArrayList<>();
        for (long from : new long[] {hand, entries.start()}) {
            entries.forEach(from, entries.end(), (page, entry) -> {
                boolean other = page < keptFrom || page >= keptTo;
                if (runs.size() <= ROOM && PageEntries.shown(entry) != 0 && other) {
                    add(runs, change(page, entry, PageEntries.shown(entry)));
                }
            });
            if (!runs.isEmpty()) {
                break;
            }
        }
        if (runs.isEmpty()) {
            return false;
        }
        // The last run may go on behind what was looked at.
        if (runs.size() > 1) {
            runs.removeLast();
        }
        for (Change run : runs) {
            hand = run.page() + run.count();
            tell(run.page(), run.count());
            Agent.Call call = reservation(run.page() << Epc.PAGE_SHIFT, run.count() << Epc.PAGE_SHIFT);
            long result = agent.systemCall(call.number(), call.arguments());
            if (Linux.failed(result)) {
                return false;
            }
            for (long page = run.page(); page < run.page() + run.count(); page++) {
                setShown(page, 0);
            }
        }
        return true;
    }

    private void setShown(long page, int protection) {
        int before = areas(page) + areas(page + 1);
        entries.set(page, PageEntries.withShown(entries.get(page), protection));
        areas += areas(page) + areas(page + 1) - before;
    }

    /** How many of the kernel's areas a page begins: one where the page before it has another, two where that is a reservation. */
    private int areas(long page) {
        long entry = entries.get(page);
        long before = entries.get(page - 1);
        if (PageEntries.shown(entry) == 0) {
            return 0;
        }
        if (PageEntries.shown(before) == 0) {
            return 2;
        }
        boolean merged = PageEntries.shown(before) == PageEntries.shown(entry)
                && PageEntries.epcPage(before) + 1 == PageEntries.epcPage(entry);
        return merged ? 0 : 1;
    }
}
