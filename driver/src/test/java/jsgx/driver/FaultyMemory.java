package jsgx.driver;

import java.lang.foreign.MemorySegment;
import java.util.function.LongPredicate;
import jsgx.arch.KernelMemory;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;

/**
 * The kernel's address space with holes that a test makes, so that a leaf raises a page fault that it would only raise after the
 * driver went wrong. A hole swallows the linear addresses of EPC pages that its predicate names.
 */
final class FaultyMemory {

    private volatile LongPredicate hole = address -> false;

    /** Puts itself between a processor and its memory. */
    void install(LogicalProcessor processor) {
        LinearMemory whole = processor.memory();
        if (whole instanceof Faulty) {
            return;
        }
        processor.memory(new Faulty(this, whole));
    }

    /** From now on these addresses are not mapped. */
    void hole(LongPredicate addresses) {
        hole = addresses;
    }

    /** Addresses inside an EPC page rather than at its start: chunks of EEXTEND. */
    static boolean isChunk(long address) {
        return Long.compareUnsigned(address, KernelMemory.WINDOW_BASE) < 0 && address % Plan.PAGE != 0;
    }

    private record Faulty(FaultyMemory owner, LinearMemory whole) implements LinearMemory {
        @Override
        public int epcPage(long linear) {
            return owner.hole.test(linear) ? UNMAPPED : whole.epcPage(linear);
        }

        @Override
        public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
            return whole.ordinary(linear, size, write);
        }
    }
}
