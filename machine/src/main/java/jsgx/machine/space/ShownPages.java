package jsgx.machine.space;

import java.util.ArrayList;
import java.util.List;
import jsgx.arch.epc.Epc;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Agent;
import org.jspecify.annotations.Nullable;

/**
 * Which EPC pages a process really has mapped, as its page table's entries say: changes to that, by system calls of our thread in it, and how much they take of the
 * kernel's limit of mappings. All of it is under the page table's lock.
 */
final class ShownPages {

    /** So many runs of pages stop being shown where the kernel has no room for another mapping. */
    private static final int ROOM = 2048;

    private static final int RESERVATION = Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_NORESERVE;

    /**
     * Neighbours that get the same.
     *
     * @param epcPage the first page's; those of the others follow it
     * @param protection what they are shown with; 0 for not at all
     * @param mapped whether they are shown already, with another protection
     */
    record Change(long page, long count, int epcPage, int protection, boolean mapped) {

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

    private final Agent agent;
    private final PageEntries entries;
    private final int limit;
    private final @Nullable Concealment concealment;
    private PageWatcher watcher = (start, end) -> {};

    /** Where to look for pages that stop being shown next. */
    private long hand;

    private int areas;

    /**
     * None yet.
     *
     * @param limit so many areas of the address space (vm_area_struct) they and the reservations between them may take, about
     */
    ShownPages(Agent agent, PageEntries entries, @Nullable Concealment concealment, int limit) {
        this.agent = agent;
        this.entries = entries;
        this.concealment = concealment;
        this.limit = limit;
    }

    /** Whom to tell of changes from now on. */
    void watch(PageWatcher newWatcher) {
        watcher = newWatcher;
    }

    /** Entries change, or what is shown of them. */
    void tell(long page, long count) {
        watcher.changing(page << Epc.PAGE_SHIFT, (page + count) << Epc.PAGE_SHIFT);
    }

    /** The call that puts an inaccessible reservation where something was. */
    static Agent.Call reservation(long address, long length) {
        return new Agent.Call(SystemCall.MMAP, address, length, Linux.PROT_NONE, RESERVATION | Linux.MAP_FIXED, -1, 0);
    }

    /** Whether they take more areas than they may. */
    boolean areTooMany() {
        return areas > limit;
    }

    static Change change(long page, long entry, int protection) {
        return new Change(page, 1, PageEntries.epcPage(entry), protection, PageEntries.shown(entry) != 0);
    }

    static void add(List<Change> changes, Change change) {
        if (!changes.isEmpty() && changes.getLast().isFollowedBy(change)) {
            changes.set(changes.size() - 1, changes.getLast().with(change));
        } else {
            changes.add(change);
        }
    }

    void apply(List<Change> changes) {
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
    boolean makeRoom(long keptFrom, long keptTo) {
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
