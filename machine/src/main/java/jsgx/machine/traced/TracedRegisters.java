package jsgx.machine.traced;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.RegisterSet;
import jsgx.machine.task.WholeRegisters;

/** The registers of a stopped tracee: fetched when they are first asked for, written back when it goes on. */
final class TracedRegisters implements WholeRegisters {

    /** Where user_regs_struct has a register, as an index of eight bytes, by the register's ordinal; -1 for those it lacks. */
    private static final int[] INDEX = {10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0, 16, 18, 21, 22, -1, -1};

    /** Where user_regs_struct has the number of the system call. */
    static final int ORIG_RAX = 15;

    private static final int CS = 17;
    private static final int CS_64 = 0x33;

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
        extended = arena.allocate(RegisterSet.ROOM, 64);
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
            vector.setAtIndex(JAVA_LONG, 1, RegisterSet.ROOM);
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
        RegisterSet.xsave(extended, area, xfrm);
    }

    @Override
    public boolean xrstor(MemorySegment area, long xfrm) {
        fetchExtended();
        boolean loaded = RegisterSet.xrstor(area, extended, xfrm);
        extendedChanged |= loaded;
        return loaded;
    }

    @Override
    public byte[] extendedState() {
        fetchExtended();
        return extended.asSlice(0, Math.min(RegisterSet.ROOM, vector.getAtIndex(JAVA_LONG, 1)))
                .toArray(JAVA_BYTE);
    }

    @Override
    public void extendedState(byte[] state) {
        fetchExtended();
        MemorySegment.copy(state, 0, extended, JAVA_BYTE, 0, Math.min(state.length, RegisterSet.ROOM));
        extendedChanged = true;
    }
}
