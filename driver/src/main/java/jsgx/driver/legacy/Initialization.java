package jsgx.driver.legacy;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import jsgx.arch.Outcome;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.AddressSpace;
import jsgx.driver.Completion;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.EinitLoop;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;

/** How the older drivers initialise an enclave: EINIT's code is the result of the call. */
public final class Initialization {

    /** Why it fails in the driver besides {@link EnclaveLookup}, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        /** v5 only, for the request number that has one. */
        FLAGS_ZERO(Errno.EINVAL.result(), "the third word of the argument is 0"),
        /** The result is the number of bytes that were not read: these drivers return what copy_from_user does. */
        SIGSTRUCT_READABLE(Sigstruct.SIZE, "the 1808 bytes at sigstruct can be read"),
        /** isgx only. The result is the number of bytes that were not read. */
        EINITTOKEN_READABLE(EinitToken.SIZE, "the 304 bytes at einittoken can be read"),
        NO_SIGNAL(Errno.ERESTARTSYS.result(), "no signal is pending after an interrupted EINIT"),
        EINIT_FAULT(Errno.EFAULT.result(), "EINIT raises no fault");

        private final long result;
        private final String rule;

        Cause(long result, String rule) {
            this.result = result;
            this.rule = rule;
        }

        @Override
        public long result() {
            return result;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private Initialization() {}

    /** A SIGSTRUCT of the process at the start of a page. */
    public static void readSigstruct(AddressSpace caller, long address, MemorySegment page) throws Refused {
        PartialCopy.read(caller, address, page.asSlice(0, Sigstruct.SIZE), Cause.SIGSTRUCT_READABLE);
    }

    /** An EINITTOKEN of the process in the middle of a page. */
    public static void readToken(AddressSpace caller, long address, MemorySegment page) throws Refused {
        PartialCopy.read(
                caller, address, page.asSlice(Processor.TOKEN_OFFSET, EinitToken.SIZE), Cause.EINITTOKEN_READABLE);
    }

    /**
     * Runs EINIT unless the enclave is initialised, which is a success too, or was torn down meanwhile.
     */
    public static Completion einit(Enclave enclave, AddressSpace caller, Function<Processor, Outcome> attempt) {
        enclave.lock().lock();
        try {
            if (enclave.isTornDown()) {
                return new Completion.NotExecuted(EnclaveLookup.POWER_LOST, "the enclave was torn down");
            }
            if (enclave.isInitialized()) {
                return new Completion.NotExecuted(0, "the enclave was initialised before");
            }
            EinitLoop.Result result = EinitLoop.run(enclave.kernel(), caller, attempt);
            Outcome outcome = enclave.record(result.outcome());
            if (outcome.isSuccess()) {
                enclave.initialized();
            }
            return new Completion.Executed(result.interrupted() ? Errno.ERESTARTSYS.result() : code(outcome), outcome);
        } finally {
            enclave.lock().unlock();
        }
    }

    private static long code(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Success success -> 0;
            case Outcome.Error error -> error.code().code();
            case Outcome.Faulted faulted -> Errno.EFAULT.result();
        };
    }

    /** The result of the call. */
    public static long ending(Completion completion) throws Refused {
        if (completion.result() == Errno.ERESTARTSYS.result()) {
            throw new Refused(Cause.NO_SIGNAL, "no signal", "one");
        }
        if (completion.result() == Errno.EFAULT.result()) {
            throw new Refused(Cause.EINIT_FAULT, "no fault", completion.toString());
        }
        return completion.result();
    }
}
