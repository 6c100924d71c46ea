package jsgx.launch.load;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;
import jsgx.arch.Enclu;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Aex;
import jsgx.arch.leaf.EnclaveAccess;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.FaultResult;

/**
 * A thread that runs Java in the place of an enclave's code: it enters by EENTER, reaches memory as an instruction inside the
 * enclave does, executes ENCLU there, and leaves by EEXIT. A page fault inside is an AEX; the driver brings the page, ERESUME goes
 * back, and the access is made again. Not safe for use by several threads at once.
 */
public final class EnclaveThread {

    /** Where EEXIT and AEX lead: nothing is there, as Java goes on by itself. */
    private static final long OUTSIDE = 0x1000;

    /** How often an access may fault before it is clear that the driver does not bring the page. */
    private static final int TRIES = 1 << 16;

    private static final int PAGE = 4096;

    private final LogicalProcessor lp;
    private final EmbeddedAddressSpace space;
    private final Lock inside;
    private final long tcs;

    /**
     * A thread that is outside.
     *
     * @param lp a logical processor of its own
     * @param tcs the linear address of the TCS that it enters by
     */
    public EnclaveThread(LogicalProcessor lp, EmbeddedAddressSpace space, long tcs) {
        this.lp = lp;
        this.space = space;
        this.inside = space.inside();
        this.tcs = tcs;
        lp.cpl(3);
        lp.memory(space);
    }

    /** EENTER. */
    public void enter() throws EnclaveLostException {
        cross(Leaf.EENTER);
    }

    /** EEXIT. */
    public void exit() {
        Outcome outcome = Enclu.eexit(lp, OUTSIDE);
        inside.unlock();
        if (!outcome.isSuccess()) {
            throw new IllegalStateException("EEXIT to a canonical address succeeds: " + outcome);
        }
    }

    /** Leaves in whatever way is left; nothing where the thread is outside. */
    public void leave() {
        if (lp.enclaveMode() != null) {
            exit();
        }
    }

    /** Reads as the enclave's code does: its own memory or memory outside. */
    public byte[] read(long address, int size) throws EnclaveLostException {
        byte[] bytes = new byte[size];
        for (int done = 0; done < size; ) {
            int here = inPage(address + done, size - done);
            MemorySegment from = access(address + done, here, EnclaveAccess.Kind.READ);
            MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, bytes, done, here);
            done += here;
        }
        return bytes;
    }

    /** Writes as the enclave's code does. */
    public void write(long address, byte[] bytes) throws EnclaveLostException {
        for (int done = 0; done < bytes.length; ) {
            int here = inPage(address + done, bytes.length - done);
            MemorySegment to = access(address + done, here, EnclaveAccess.Kind.WRITE);
            MemorySegment.copy(bytes, done, to, ValueLayout.JAVA_BYTE, 0, here);
            done += here;
        }
    }

    /** EREPORT, EGETKEY and the like: what they did, page faults apart. */
    public Outcome enclu(Leaf leaf, long rbx, long rcx, long rdx) throws EnclaveLostException {
        for (int i = 0; i < TRIES; i++) {
            Outcome outcome = Enclu.execute(lp, leaf, rbx, rcx, rdx);
            Optional<Fault> pageFault = pageFault(outcome);
            if (pageFault.isEmpty()) {
                return outcome;
            }
            asynchronousExit(pageFault.get(), outcome::toString);
        }
        throw new EnclaveLostException(leaf + " faults again and again");
    }

    private MemorySegment access(long address, int size, EnclaveAccess.Kind kind) throws EnclaveLostException {
        for (int i = 0; i < TRIES; i++) {
            switch (EnclaveAccess.access(lp, address, size, kind)) {
                case EnclaveAccess.Result.Granted(MemorySegment memory) -> {
                    return memory;
                }
                case EnclaveAccess.Result.Refused(Fault fault, String why) -> asynchronousExit(fault, () -> why);
            }
        }
        throw new EnclaveLostException("0x%x faults again and again".formatted(address));
    }

    /** AEX, what the driver does for the fault, and ERESUME. */
    private void asynchronousExit(Fault fault, Supplier<String> why) throws EnclaveLostException {
        Aex.run(lp, Aex.Event.of(fault));
        inside.unlock();
        repair(fault, why);
        cross(Leaf.ERESUME);
    }

    /** EENTER or ERESUME. The lock is held exactly as long as the thread is inside. */
    @SuppressWarnings("LockNotBeforeTry")
    private void cross(Leaf leaf) throws EnclaveLostException {
        for (int i = 0; i < TRIES; i++) {
            inside.lock();
            Outcome outcome = Enclu.execute(lp, leaf, tcs, OUTSIDE, 0);
            if (outcome.isSuccess()) {
                return;
            }
            inside.unlock();
            Fault fault = pageFault(outcome)
                    .orElseThrow(() -> new EnclaveLostException("the enclave cannot be entered: " + outcome));
            repair(fault, outcome::toString);
        }
        throw new EnclaveLostException(leaf + " faults again and again");
    }

    private void repair(Fault fault, Supplier<String> why) throws EnclaveLostException {
        boolean repairable = fault.vector() == Fault.Vector.PF
                && space.fault(fault.address(), (fault.errorCode() & Fault.PF_WRITE) != 0) == FaultResult.NOPAGE;
        if (!repairable) {
            throw new EnclaveLostException("the driver has no page for " + fault + ": " + why.get());
        }
    }

    private static Optional<Fault> pageFault(Outcome outcome) {
        return outcome instanceof Outcome.Faulted faulted && faulted.fault().vector() == Fault.Vector.PF
                ? Optional.of(faulted.fault())
                : Optional.empty();
    }

    private static int inPage(long address, int size) {
        return (int) Math.min(size, PAGE - (address & (PAGE - 1)));
    }
}
