package jsgx.machine.sgx;

import jsgx.arch.EnclaveMode;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import org.jspecify.annotations.Nullable;

/** What a thread of the program does with SGX. The thread is stopped while a method of this is called; one at a time. */
public interface SgxThread {

    /** Whether the thread is inside an enclave. */
    boolean inside();

    /**
     * The enclave that it is inside of, once the leaf is done that it executes just now; null where it is outside, or its processor is another process's. Any
     * thread may ask.
     */
    @Nullable
    EnclaveMode mode();

    /** A synchronous exception stopped the thread. */
    FaultAnswer fault(SignalInfo signal);

    /**
     * A system call stopped the thread inside an enclave, where SYSCALL is undefined (#UD). RCX and R11, which SYSCALL overwrote, are lost.
     *
     * @param length the bytes of the instruction
     */
    FaultAnswer systemCallInside(int length);

    /**
     * Something asynchronous stopped the thread, a signal for one: if it is inside an enclave it leaves it, and its registers are then the
     * synthetic ones.
     *
     * @param vector the interrupt's
     */
    void interrupted(int vector);

    /** The thread is no more: if it was inside an enclave, it left it by the interrupt that ended it. */
    void ended();
}
