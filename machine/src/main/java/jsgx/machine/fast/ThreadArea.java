package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.function.BooleanSupplier;
import jsgx.machine.linux.Linux;

/** Java's view of a thread's area: the mailbox, and the frame of the signal that brought the thread into the stub. */
final class ThreadArea {

    private static final VarHandle WORD = JAVA_INT.varHandle();

    /** How long to sleep before a look whether the program is still there. */
    private static final long PATIENCE_NANOS = 50_000_000;

    /** How often to look at the mailbox before sleeping. */
    private static final int SPINS = 500;

    private final MemorySegment memory;
    private final long address;

    /**
     * A view.
     *
     * @param memory the slot
     * @param address its address in the program
     */
    ThreadArea(MemorySegment memory, long address) {
        this.memory = memory;
        this.address = address;
    }

    long address() {
        return address;
    }

    /**
     * Waits until it is Java's turn.
     *
     * @return false where the thread is gone
     */
    boolean await(BooleanSupplier gone) {
        for (int i = 0; i < SPINS; i++) {
            if (state() == AreaLayout.POSTED) {
                return true;
            }
            Thread.onSpinWait();
        }
        while (true) {
            int state = state();
            if (state == AreaLayout.POSTED) {
                return true;
            }
            if (gone.getAsBoolean()) {
                return false;
            }
            Linux.futexWait(memory.address() + AreaLayout.STATE, state, PATIENCE_NANOS);
        }
    }

    /** Wakes whoever waits for the thread, as it will not come any more. */
    void wakeWaiters() {
        Linux.futexWake(memory.address() + AreaLayout.STATE, Integer.MAX_VALUE);
    }

    int state() {
        return (int) WORD.getVolatile(memory, (long) AreaLayout.STATE);
    }

    /** Tells the stub to execute a system call. */
    void execute(long number, long... arguments) {
        memory.set(JAVA_LONG, AreaLayout.NUMBER, number);
        for (int i = 0; i < 6; i++) {
            memory.set(JAVA_LONG, AreaLayout.ARGUMENTS + 8L * i, i < arguments.length ? arguments[i] : 0);
        }
        answer(AreaLayout.EXECUTE);
    }

    /** What the system call returned. */
    long result() {
        return memory.get(JAVA_LONG, AreaLayout.RESULT);
    }

    /** Tells the stub to go back to the program. */
    void resume() {
        answer(AreaLayout.RESUME);
    }

    private void answer(int state) {
        WORD.setVolatile(memory, (long) AreaLayout.STATE, state);
        Linux.futexWake(memory.address() + AreaLayout.STATE, 1);
    }

    /** The number of the signal that came. */
    int signal() {
        return (int) memory.get(JAVA_LONG, AreaLayout.SIGNAL);
    }

    long fsBase() {
        return memory.get(JAVA_LONG, AreaLayout.FS_BASE);
    }

    void fsBase(long base) {
        memory.set(JAVA_LONG, AreaLayout.FS_BASE, base);
    }

    long gsBase() {
        return memory.get(JAVA_LONG, AreaLayout.GS_BASE);
    }

    void gsBase(long base) {
        memory.set(JAVA_LONG, AreaLayout.GS_BASE, base);
    }

    /** The address of the lease by which the thread is inside an enclave, or 0. */
    long lease() {
        return memory.get(JAVA_LONG, AreaLayout.LEASE);
    }

    void lease(long address) {
        memory.set(JAVA_LONG, AreaLayout.LEASE, address);
    }

    /** The thread's identifier as it sees it itself; 0 while nobody asked. */
    int tid() {
        return (int) memory.get(JAVA_LONG, AreaLayout.TID);
    }

    void tid(int own) {
        memory.set(JAVA_LONG, AreaLayout.TID, own);
    }

    /** Whether Java knows that the thread is inside an enclave. */
    void inside(boolean known) {
        memory.set(JAVA_LONG, AreaLayout.INSIDE, known ? 1 : 0);
    }

    /** The frame's ucontext_t. */
    MemorySegment context() {
        return inStack(memory.get(JAVA_LONG, AreaLayout.CONTEXT), SignalFrame.CONTEXT_BYTES);
    }

    /** The frame's siginfo_t. */
    MemorySegment info() {
        return inStack(memory.get(JAVA_LONG, AreaLayout.INFO), SignalFrame.INFO_BYTES);
    }

    /** The frame's extended state, an XSAVE area in the standard form with the kernel's words in it and behind it. */
    MemorySegment extendedState() {
        long at = context().get(JAVA_LONG, SignalFrame.FP_STATE);
        MemorySegment legacy = inStack(at, SignalFrame.LEGACY_STATE);
        boolean extended = legacy.get(JAVA_INT, SignalFrame.FP_MAGIC) == SignalFrame.FP_MAGIC_VALUE;
        return extended ? inStack(at, legacy.get(JAVA_INT, SignalFrame.FP_EXTENDED_SIZE)) : legacy;
    }

    /** Memory for operands of system calls that the stub executes. */
    MemorySegment scratch() {
        return memory.asSlice(AreaLayout.SCRATCH, AreaLayout.SCRATCH_BYTES);
    }

    /** Where the program has that memory. */
    long scratchAddress() {
        return address + AreaLayout.SCRATCH;
    }

    /** Some of the slot's bytes, while no frame is in it. */
    MemorySegment memory(long offset, long bytes) {
        return memory.asSlice(offset, bytes);
    }

    /** Copies what is in the mailbox and on the stub's stack to the same slot of another address space. */
    void copyTo(MemorySegment slot) {
        slot.copyFrom(memory);
    }

    /** The program could write its own mailbox: an address there is not trusted. */
    private MemorySegment inStack(long at, long bytes) {
        return memory.asSlice(at - address, bytes);
    }
}
