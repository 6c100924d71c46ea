package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;

/** The slot of a version array as EWB and ELDU use it. Leaves share the page, so a slot changes in one step. */
final class VersionArray {

    private static final VarHandle SLOT =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private VersionArray() {}

    /** #PF(slot) where the page is not a valid version array. */
    static void requireValid(LogicalProcessor lp, int page, long slot, LeafCheck check) {
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.valid(page)) {
            throw pf(lp, check, slot, "a valid PT_VA page", "EPCM.VALID 0");
        }
        PageType type = PageType.of(epcm.pageType(page));
        if (type != PageType.VA) {
            throw pf(lp, check, slot, "a valid PT_VA page", "PT_" + type);
        }
    }

    static long get(MemorySegment page, long slot) {
        return (long) SLOT.getVolatile(page, offset(slot));
    }

    /** Writes a version and returns what was there. */
    static long exchange(MemorySegment page, long slot, long version) {
        return (long) SLOT.getAndSet(page, offset(slot), version);
    }

    /** Clears the slot if it still has this version. */
    static boolean clear(MemorySegment page, long slot, long version) {
        return SLOT.compareAndSet(page, offset(slot), version, 0L);
    }

    private static long offset(long slot) {
        return slot & (Epc.PAGE_SIZE - 1);
    }
}
