package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.leaf.Eenter;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.space.PageWatcher;
import jsgx.machine.space.ProgramSpace;
import org.jspecify.annotations.Nullable;

/**
 * The TCSs of an address space that the stub may enter and leave by itself. A TCS is leased when a thread has left it by EEXIT and all that EENTER would
 * check holds; before any page changes on which that rests, the lease is taken back. A thread that is inside by a lease is unknown to the processor's
 * model until something happens that only Java can serve, or the lease is taken back: then the entry is made known as it happened.
 *
 * <p>Locks, in this order: the page table's, this object's, a thread's. Under the last nothing is waited for.
 */
final class Leases implements PageWatcher {

    private static final VarHandle STATE = JAVA_LONG.varHandle();
    private static final int GPRSGX = Epc.PAGE_SIZE - Gprsgx.SIZE;
    private static final int URSP = 144;
    private static final int NOT_USABLE = Epcm.PENDING | Epcm.MODIFIED | Epcm.BLOCKED;
    private static final int READ_WRITE = Epcm.R | Epcm.W;

    /**
     * A lease.
     *
     * @param index its place
     * @param mode what the processor kept of the last entry
     * @param pages the linear addresses of the pages on which it rests
     * @param thread who left the TCS
     */
    record Lease(int index, EnclaveMode mode, long[] pages, long enclave, FastThread thread) {

        private boolean restsOn(long start, long end) {
            for (long page : pages) {
                if (page >= start && page < end) {
                    return true;
                }
            }
            return false;
        }
    }

    private final Stub stub;
    private final MemorySegment table;
    private final MemorySegment tids;
    private final Map<Integer, Lease> leases = new HashMap<>();
    private final AtomicReferenceArray<@Nullable Lease> last = new AtomicReferenceArray<>(AreaLayout.LEASES);
    private final Map<Long, FastThread> threads = new ConcurrentHashMap<>();
    private volatile boolean any;

    Leases(ThreadAreas areas, Stub stub) {
        this.stub = stub;
        this.table = areas.memory(AreaLayout.LEASE_SLOT);
        this.tids = areas.memory(AreaLayout.TID_SLOT);
    }

    /** A thread may use leases. */
    void add(FastThread thread) {
        threads.put(thread.task().area().address(), thread);
    }

    /** A thread ends: whatever lease it had is no more. */
    void remove(FastThread thread) {
        ThreadArea area = thread.task().area();
        threads.remove(area.address());
        int tid = area.tid();
        long at = tidAt(tid);
        if (tid != 0 && tids.get(JAVA_INT, at) == slot(area)) {
            tids.set(JAVA_INT, at, 0);
        }
        int held = indexOf(area.lease());
        if (held >= 0) {
            STATE.setVolatile(table, at(held), (long) AreaLayout.GONE);
            forget(held);
        }
    }

    private synchronized void forget(int index) {
        long state = (long) STATE.getVolatile(table, at(index));
        Lease lease = state == AreaLayout.GONE ? leases.remove(index) : null;
        if (lease != null) {
            tell(lease);
        }
    }

    private static int slot(ThreadArea area) {
        return (int) ((area.address() - CodeLayout.THREAD_AREAS) / AreaLayout.SLOT);
    }

    private static long tidAt(int tid) {
        return (long) (tid & (AreaLayout.TIDS - 1)) * Integer.BYTES;
    }

    private static long at(int index) {
        return (long) index * AreaLayout.LEASE_BYTES;
    }

    private static long address(int index) {
        return ThreadAreas.address(AreaLayout.LEASE_SLOT) + at(index);
    }

    /** The lease at an address; -1 where there can be none. */
    private static int indexOf(long address) {
        long offset = address - ThreadAreas.address(AreaLayout.LEASE_SLOT);
        return offset >= 0 && offset < AreaLayout.SLOT && offset % AreaLayout.LEASE_BYTES == 0
                ? (int) (offset / AreaLayout.LEASE_BYTES)
                : -1;
    }

    /**
     * A thread is about to leave an enclave by EEXIT: prepares a lease of the TCS.
     *
     * @return empty where there is no room, or where something is not as it should be
     */
    Optional<Lease> prepare(FastThread thread, EnclaveMode mode) {
        ProgramSpace space = EmbeddedSgx.space(thread.served().space());
        long enclave = space.mappings()
                .at(mode.tcsLinear())
                .flatMap(DeviceMapping::enclave)
                .map(EnclaveInfo::id)
                .orElse(0L);
        return space.unchanged(() -> prepare(thread, mode, enclave));
    }

    private synchronized Optional<Lease> prepare(FastThread thread, EnclaveMode mode, long enclave) {
        int index = AreaLayout.leaseOf(mode.tcsLinear());
        Lease before = last.get(index);
        boolean used = before != null
                && threads.values().stream().anyMatch(user -> user.task().area().lease() == address(index));
        if (leases.containsKey(index) || used) {
            return Optional.empty();
        }
        ProcessorPackage cpu = processor(thread).processorPackage();
        Tcs tcs = new Tcs(cpu.epc().page(mode.tcs()));
        Secs secs = new Secs(cpu.epc().page(mode.secs()));
        long[] pages = pages(cpu.epcm(), mode);
        if (tcs.flags() != 0
                || mode.cetSaveArea() != EnclaveMode.NO_CET
                || !secs.attributes().has(Attributes.MODE64BIT)
                || !hold(EmbeddedSgx.space(thread.served().space()), cpu.epcm(), mode, pages)) {
            return Optional.empty();
        }
        Lease lease = new Lease(index, mode, pages, enclave, thread);
        set(index, AreaLayout.LEASE_TCS, mode.tcsLinear());
        set(index, AreaLayout.LEASE_RIP, secs.baseAddr() + tcs.oentry());
        set(index, AreaLayout.LEASE_CSSA, Integer.toUnsignedLong(tcs.cssa()));
        set(index, AreaLayout.LEASE_FS_BASE, secs.baseAddr() + tcs.ofsBase());
        set(index, AreaLayout.LEASE_GS_BASE, secs.baseAddr() + tcs.ogsBase());
        set(index, AreaLayout.LEASE_URSP, pages[1] + GPRSGX + URSP);
        set(index, AreaLayout.LEASE_ENTRIES, 0);
        leases.put(index, lease);
        last.set(index, lease);
        any = true;
        return Optional.of(lease);
    }

    /** The TCS's page, the page of GPRSGX, the pages of the XSAVE area. */
    private static long[] pages(Epcm epcm, EnclaveMode mode) {
        int[] xsave = mode.ssa().xsave();
        long[] pages = new long[2 + xsave.length];
        pages[0] = mode.tcsLinear();
        pages[1] = epcm.enclaveAddress(mode.ssa().gpr());
        for (int i = 0; i < xsave.length; i++) {
            pages[2 + i] = epcm.enclaveAddress(xsave[i]);
        }
        return pages;
    }

    private static LogicalProcessor processor(FastThread thread) {
        return EmbeddedSgx.execution(thread.served().execution()).processor();
    }

    private static boolean hold(ProgramSpace space, Epcm epcm, EnclaveMode mode, long[] pages) {
        if (!isUsable(space, epcm, mode.tcs(), pages[0], 0)
                || !isUsable(space, epcm, mode.ssa().gpr(), pages[1], READ_WRITE)) {
            return false;
        }
        for (int i = 2; i < pages.length; i++) {
            if (!isUsable(space, epcm, mode.ssa().xsave()[i - 2], pages[i], READ_WRITE)) {
                return false;
            }
        }
        // The stub writes URSP and URBP.
        space.refresh(pages[1], pages[1] + Epc.PAGE_SIZE);
        return (space.realProtection(pages[1]) & READ_WRITE) == READ_WRITE;
    }

    private static boolean isUsable(ProgramSpace space, Epcm epcm, int page, long linear, int rights) {
        int flags = epcm.flags(page);
        return space.epcPage(linear) == page
                && (flags & Epcm.VALID) != 0
                && (flags & NOT_USABLE) == 0
                && (flags & rights) == rights;
    }

    private void set(int index, int field, long value) {
        table.set(JAVA_LONG, at(index) + field, value);
    }

    private long get(int index, int field) {
        return table.get(JAVA_LONG, at(index) + field);
    }

    /** The thread has left: the stub may enter with the TCS, unless something has changed meanwhile. */
    synchronized void grant(Lease lease) {
        if (lease.equals(leases.get(lease.index()))) {
            STATE.setVolatile(table, at(lease.index()), (long) AreaLayout.FREE);
        }
    }

    /** The thread did not leave after all. */
    synchronized void withdraw(Lease lease) {
        leases.remove(lease.index(), lease);
    }

    /** Lets a thread enter from the vDSO, which finds it by its identifier. */
    void known(ThreadArea area, int tid) {
        area.tid(tid);
        tids.set(JAVA_INT, tidAt(tid), slot(area));
    }

    @Override
    public void changing(long start, long end) {
        if (any) {
            takeBack(start, end);
        }
    }

    private synchronized void takeBack(long start, long end) {
        leases.values().removeIf(lease -> {
            if (!lease.restsOn(start, end)) {
                return false;
            }
            takeBack(lease);
            return true;
        });
        any = !leases.isEmpty();
    }

    private void takeBack(Lease lease) {
        long at = at(lease.index());
        while (true) {
            long state = (long) STATE.getVolatile(table, at);
            int kind = (int) (state & (AreaLayout.SLOT - 1));
            FastThread user = threads.get(state - kind);
            if (kind == AreaLayout.GONE) {
                break;
            }
            if (kind == AreaLayout.FREE || user == null) {
                if (STATE.compareAndSet(table, at, state, (long) AreaLayout.GONE)) {
                    break;
                }
            } else if (kind == AreaLayout.INSIDE_BY_LEASE) {
                synchronized (user.task()) {
                    if (STATE.compareAndSet(table, at, state, (long) AreaLayout.GONE)) {
                        happened(user, lease);
                        break;
                    }
                }
            } else {
                // It will be inside in a few instructions.
                Thread.onSpinWait();
            }
        }
        tell(lease);
    }

    private void tell(Lease lease) {
        long entries = get(lease.index(), AreaLayout.LEASE_ENTRIES);
        if (entries != 0) {
            lease.thread().served().unasked(lease.enclave(), Map.of(Leaf.EENTER, entries));
        }
    }

    /** The processor learns that a thread has entered; under the thread's lock. */
    private void happened(FastThread thread, Lease lease) {
        LogicalProcessor processor = processor(thread);
        EnclaveMode.Outside outside = new EnclaveMode.Outside(
                get(lease.index(), AreaLayout.LEASE_OUTSIDE_FS),
                get(lease.index(), AreaLayout.LEASE_OUTSIDE_GS),
                processor.xcr0(),
                false,
                0,
                0);
        Eenter.happened(processor, lease.mode(), get(lease.index(), AreaLayout.LEASE_AEP), outside);
    }

    /**
     * A thread has come to Java: what it did by a lease becomes known, and the lease ends.
     *
     * @return whether it was on its way in and could not go on: it will execute ENCLU instead
     */
    boolean surfaced(FastThread thread) {
        FastTask task = thread.task();
        long offset = task.registers().get(Register.RIP) - CodeLayout.STUB;
        boolean entering = stub.isEnter(offset);
        if (!entering && task.area().lease() == 0) {
            return false;
        }
        int index;
        boolean fellBack;
        synchronized (task) {
            index = entering ? fellBack(task) : -1;
            fellBack = index >= 0;
            if (!fellBack) {
                index = indexOf(task.area().lease());
                task.area().lease(0);
                Lease lease = index < 0 ? null : last.get(index);
                if (lease == null) {
                    return false;
                }
                if (entering) {
                    finishEntry(task, index, offset);
                }
                long inside = task.area().address() | AreaLayout.INSIDE_BY_LEASE;
                if (STATE.compareAndSet(table, at(index), inside, (long) AreaLayout.GONE)) {
                    happened(thread, lease);
                }
            }
        }
        forget(index);
        return fellBack;
    }

    /** A thread that was interrupted while it took a lease gives it up, and executes the ENCLU; the lease's place, -1 where it had taken none. */
    private int fellBack(FastTask task) {
        int index = indexOf(task.registers().get(Register.RSI));
        long entering = task.area().address() | AreaLayout.ENTERING;
        if (index < 0 || !STATE.compareAndSet(table, at(index), entering, (long) AreaLayout.GONE)) {
            return -1;
        }
        task.area().lease(0);
        task.registers().set(Register.RIP, CodeLayout.STUB + stub.fallBack());
        return index;
    }

    /** A thread that was interrupted between its entry and the enclave's first instruction is there. */
    private void finishEntry(FastTask task, int index, long offset) {
        RemoteMemory memory = new RemoteMemory(task.tid());
        long frame = task.registers().get(Register.RSP) + stub.frame(offset);
        for (Register register : Register.values()) {
            int saved = Stub.saved(register);
            if (saved >= 0) {
                task.registers().set(register, memory.readLong(frame + saved).orElse(0L));
            }
        }
        task.registers().set(Register.RCX, task.registers().get(Register.RCX) + Stub.ENCLU_LENGTH);
        task.registers().set(Register.RAX, get(index, AreaLayout.LEASE_CSSA));
        task.registers().set(Register.RSP, frame + Stub.FRAME);
        task.registers().set(Register.RIP, get(index, AreaLayout.LEASE_RIP));
        task.registers().set(Register.FS_BASE, get(index, AreaLayout.LEASE_FS_BASE));
        task.registers().set(Register.GS_BASE, get(index, AreaLayout.LEASE_GS_BASE));
    }
}
