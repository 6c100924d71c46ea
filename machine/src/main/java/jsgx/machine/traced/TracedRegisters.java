package jsgx.machine.traced;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jsgx.arch.RegisterFile;
import jsgx.arch.Xsave;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.Ptrace;

/** The registers of a stopped tracee: fetched when they are first asked for, written back when it goes on. */
final class TracedRegisters implements RegisterFile {

    /** Where user_regs_struct has a register, as an index of eight bytes, by the register's ordinal; -1 for those it lacks. */
    private static final int[] INDEX = {10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0, 16, 18, 21, 22, -1, -1};

    /** Where user_regs_struct has the number of the system call. */
    static final int ORIG_RAX = 15;

    private static final int CS = 17;
    private static final int CS_64 = 0x33;

    private static final long SSE = 2;
    private static final int FCW = 0;
    private static final int XMM = 160;
    private static final int LEGACY_END = 416;
    private static final int X87_AFTER_MXCSR = Xsave.MXCSR + 8;
    private static final short INITIAL_FCW = 0x37f;
    private static final int LEGAL_MXCSR = 0xffff;
    private static final int FIRST_EXTENDED = 2;

    private static final int ROOM = 16 << 10;

    private final TracedTask task;
    private final MemorySegment general;
    private final MemorySegment extended;
    private final MemorySegment vector;
    private boolean generalFetched;
    private boolean generalChanged;
    private boolean extendedFetched;
    private boolean extendedChanged;

    TracedRegisters(TracedTask task, Arena arena) {
        this.task = task;
        general = arena.allocate(Ptrace.REGISTERS_SIZE, Long.BYTES);
        extended = arena.allocate(ROOM, 64);
        vector = arena.allocate(JAVA_LONG, 2);
        vector.setAtIndex(JAVA_LONG, 0, extended.address());
    }

    /** Where user_regs_struct has a register, as an index of eight bytes. */
    static int index(Register register) {
        return INDEX[register.ordinal()];
    }

    /** The tracee ran: nothing is known. */
    void forget() {
        generalFetched = false;
        generalChanged = false;
        extendedFetched = false;
        extendedChanged = false;
    }

    /** Writes back what was changed. */
    void store() {
        if (generalChanged) {
            Ptrace.setRegisters(task.tid(), general);
            generalChanged = false;
        }
        if (extendedChanged) {
            Ptrace.setExtendedState(task.tid(), vector);
            extendedChanged = false;
        }
    }

    private void fetchGeneral() {
        if (!generalFetched) {
            if (Linux.failed(Ptrace.getRegisters(task.tid(), general))) {
                general.fill((byte) 0);
            }
            generalFetched = true;
        }
    }

    private void fetchExtended() {
        if (!extendedFetched) {
            vector.setAtIndex(JAVA_LONG, 1, ROOM);
            if (Linux.failed(Ptrace.getExtendedState(task.tid(), vector))) {
                extended.fill((byte) 0);
            }
            extendedFetched = true;
        }
    }

    /** A copy of the general registers with the number of the system call. */
    void copyTo(MemorySegment other) {
        fetchGeneral();
        other.copyFrom(general);
    }

    void copyFrom(MemorySegment other) {
        general.copyFrom(other);
        generalFetched = true;
        generalChanged = true;
    }

    /** The number of the system call at whose boundary the tracee is; -1 elsewhere. */
    long systemCall() {
        fetchGeneral();
        return general.getAtIndex(JAVA_LONG, ORIG_RAX);
    }

    void systemCall(long number) {
        fetchGeneral();
        general.setAtIndex(JAVA_LONG, ORIG_RAX, number);
        generalChanged = true;
    }

    boolean is64Bit() {
        fetchGeneral();
        return general.getAtIndex(JAVA_LONG, CS) == CS_64;
    }

    @Override
    public long get(Register register) {
        int index = INDEX[register.ordinal()];
        if (index < 0) {
            return 0;
        }
        fetchGeneral();
        return general.getAtIndex(JAVA_LONG, index);
    }

    @Override
    public void set(Register register, long value) {
        int index = INDEX[register.ordinal()];
        if (index < 0) {
            return;
        }
        fetchGeneral();
        general.setAtIndex(JAVA_LONG, index, value);
        generalChanged = true;
    }

    @Override
    public void xsave(MemorySegment area, long xfrm) {
        fetchExtended();
        copy(extended, area, 0, LEGACY_END);
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            if (has(xfrm, i)) {
                int[] component = Xsave.component(i);
                copy(extended, area, component[0], component[1]);
            }
        }
        long inUse = extended.get(JAVA_LONG, Xsave.XSTATE_BV);
        long before = area.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV);
        area.set(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV, (before & ~xfrm) | (inUse & xfrm));
    }

    @Override
    public boolean xrstor(MemorySegment area, long xfrm) {
        long present = area.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV);
        if ((present & ~xfrm) != 0
                || area.get(JAVA_LONG_UNALIGNED, Xsave.XCOMP_BV) != 0
                || area.get(JAVA_LONG_UNALIGNED, Xsave.XCOMP_BV + 8L) != 0
                || (area.get(JAVA_INT_UNALIGNED, Xsave.MXCSR) & ~LEGAL_MXCSR) != 0) {
            return false;
        }
        fetchExtended();
        extendedChanged = true;
        if (has(present, 0)) {
            copy(area, extended, 0, Xsave.MXCSR);
            copy(area, extended, X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
        } else {
            fill(0, Xsave.MXCSR);
            fill(X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
            extended.set(JAVA_SHORT_UNALIGNED, FCW, INITIAL_FCW);
        }
        if (has(present, 1)) {
            copy(area, extended, XMM, LEGACY_END - XMM);
        } else {
            fill(XMM, LEGACY_END - XMM);
        }
        extended.set(JAVA_INT_UNALIGNED, Xsave.MXCSR, area.get(JAVA_INT_UNALIGNED, Xsave.MXCSR));
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            int[] component = Xsave.component(i);
            if (has(present, i)) {
                copy(area, extended, component[0], component[1]);
            } else if (has(xfrm, i)) {
                fill(component[0], component[1]);
            }
        }
        long inUse = extended.get(JAVA_LONG, Xsave.XSTATE_BV);
        // The kernel takes MXCSR only together with SSE.
        extended.set(JAVA_LONG, Xsave.XSTATE_BV, (inUse & ~xfrm) | present | SSE);
        return true;
    }

    private static boolean has(long features, int i) {
        return (features >>> i & 1) != 0;
    }

    private void fill(int offset, int size) {
        extended.asSlice(offset, size).fill((byte) 0);
    }

    private static void copy(MemorySegment from, MemorySegment to, int offset, int size) {
        MemorySegment.copy(from, offset, to, offset, size);
    }
}
