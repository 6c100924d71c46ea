package jsgx.driver.mainline;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import jsgx.arch.Fault;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Layouts;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import org.jspecify.annotations.Nullable;

/** What the three requests of SGX2 have in common: they go from page to page, stop at the first failure and say how far they came. */
final class PageLoop {

    /** One page of a request, by its distance from the first. */
    interface Step {
        void page(long done) throws Refused;
    }

    private PageLoop() {}

    /** Does all pages and writes the argument back, with the count of bytes that were done. */
    static long run(
            Enclave enclave,
            AddressSpace caller,
            long arg,
            MemorySegment structure,
            long length,
            long count,
            Refusal.Cause notWritable,
            Step step)
            throws Refused {
        Refused failure = null;
        long done = 0;
        try {
            for (; done < length; done += Epc.PAGE_SIZE) {
                enclave.kernel().reclaimer().reclaimBelowLow();
                step.page(done);
            }
        } catch (Refused e) {
            failure = e;
        }
        structure.set(Layouts.U64, count, done);
        long missing = caller.copyToUser(structure, arg);
        Refused.unless(missing == 0, notWritable, structure.byteSize() + " writable bytes", arg);
        if (failure != null) {
            throw failure;
        }
        return 0;
    }

    /** Loads a page, with the enclave's lock held, and returns its index. */
    static int load(Enclave enclave, long address, Refusal.Cause busy, Refusal.Cause absent) throws Refused {
        long index = enclave.paging().load(address);
        Refused.unless(index != Errno.EBUSY.result(), busy, "a page at hand", address);
        Refused.unless(index >= 0, absent, "a page that can be loaded", address);
        return (int) index;
    }

    static Outcome onProcessor(Enclave enclave, Function<Processor, Outcome> leaf) {
        Processor processor = enclave.kernel().processors().acquire();
        try {
            return leaf.apply(processor);
        } finally {
            enclave.kernel().processors().release(processor);
        }
    }

    /** Goes on only after a success; an error code is put into the result field first. */
    static void check(
            Outcome outcome, MemorySegment structure, long result, Refusal.Cause faulted, Refusal.Cause failed)
            throws Refused {
        @Nullable
        Refused refused = switch (outcome) {
            case Outcome.Success success -> null;
            case Outcome.Error error -> {
                structure.set(Layouts.U64, result, error.code().code());
                yield new Refused(failed, "SGX_SUCCESS", error.code().sdmName());
            }
            case Outcome.Faulted fault ->
                new Refused(faulted, "no fault", fault.fault().toString());
        };
        if (refused != null) {
            throw refused;
        }
    }

    /** ETRACK, and all threads out. */
    static void flush(Enclave enclave, Refusal.Cause cause) throws Refused {
        Outcome outcome = enclave.paging().flush();
        if (!outcome.isSuccess()) {
            throw new Refused(cause, "a tracking cycle", enclave.record(outcome).toString());
        }
    }

    /** Whether a leaf raised #PF. */
    static boolean isPageFault(Outcome outcome) {
        return outcome instanceof Outcome.Faulted faulted && faulted.fault().vector() == Fault.Vector.PF;
    }
}
