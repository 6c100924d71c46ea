package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import jsgx.arch.epc.Epc;
import org.jspecify.annotations.Nullable;

/**
 * The linear address space of a kernel: a direct map of the whole EPC and windows onto ordinary memory, each 4 GiB
 * apart. A logical processor has its own windows; no two threads share one.
 */
public final class KernelMemory implements LinearMemory {

    /** Where the direct map of the EPC begins. */
    public static final long EPC_BASE = 0xffff_8880_0000_0000L;

    /** Where the windows begin. */
    public static final long WINDOW_BASE = 0xffff_c900_0000_0000L;

    private static final int WINDOW_SHIFT = 32;
    private static final int WINDOWS = 16;

    private final long epcBytes;
    private final @Nullable MemorySegment[] windows = new @Nullable MemorySegment[WINDOWS];

    public KernelMemory(Epc epc) {
        this(epc.pages());
    }

    /** With a direct map of this many EPC pages. */
    public KernelMemory(int epcPages) {
        this.epcBytes = (long) epcPages << Epc.PAGE_SHIFT;
    }

    /** The linear address of an EPC page in the direct map. */
    public static long epcAddress(int page) {
        return EPC_BASE + ((long) page << Epc.PAGE_SHIFT);
    }

    /** The linear address of a window; the first byte of the memory mapped there has it. */
    public static long windowAddress(int window) {
        return WINDOW_BASE + ((long) window << WINDOW_SHIFT);
    }

    /**
     * Maps ordinary memory at a window, in place of what was there.
     *
     * @return the linear address of its first byte, a multiple of 4 GiB
     */
    public long map(int window, MemorySegment memory) {
        windows[Objects.checkIndex(window, WINDOWS)] = memory;
        return windowAddress(window);
    }

    /** Forgets what all windows show, so that nothing outlives the call that mapped it. */
    public void unmapAll() {
        Arrays.fill(windows, null);
    }

    @Override
    public int epcPage(long linear) {
        long offset = linear - EPC_BASE;
        if (Long.compareUnsigned(offset, epcBytes) < 0) {
            return (int) (offset >>> Epc.PAGE_SHIFT);
        }
        return window(linear) == null ? UNMAPPED : ORDINARY;
    }

    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        MemorySegment memory = window(linear);
        long offset = linear & ((1L << WINDOW_SHIFT) - 1);
        if (memory == null || offset + size > memory.byteSize()) {
            throw new PageFaultException(linear, write ? Fault.PF_WRITE : 0);
        }
        if (write && memory.isReadOnly()) {
            throw new PageFaultException(linear, Fault.PF_WRITE | Fault.PF_PRESENT);
        }
        return offset == 0 && size == memory.byteSize() ? memory : memory.asSlice(offset, size);
    }

    private @Nullable MemorySegment window(long linear) {
        long window = (linear - WINDOW_BASE) >>> WINDOW_SHIFT;
        return window < WINDOWS ? windows[(int) window] : null;
    }
}
