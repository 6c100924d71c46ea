package jsgx.driver.mainline;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.driver.DeviceMapping;
import jsgx.driver.Errno;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Processor;

/**
 * How a debugger reads and writes a debug enclave through a mapping: EDBGRD and EDBGWR of 8 bytes at a time.
 *
 * <p>Returns the bytes moved, or:
 *
 * <ul>
 *   <li>-EFAULT: the enclave has no ATTRIBUTES.DEBUG; there is no such page; the mapping allows more than the page; or the page could
 *       not be loaded.
 *   <li>-ENOMEM: the page is evicted, and no EPC page can be had for it.
 *   <li>-EIO: EDBGRD or EDBGWR failed.
 * </ul>
 */
final class DebugAccess {

    private static final int WORD = 8;

    private DebugAccess() {}

    static long run(Enclave enclave, DeviceMapping mapping, long address, MemorySegment buffer, boolean write) {
        if (!enclave.attributes().has(Attributes.DEBUG)) {
            return Errno.EFAULT.result();
        }
        long done = 0;
        while (done < buffer.byteSize()) {
            long word = (address + done) & -WORD;
            int offset = (int) (address + done - word);
            int count = (int) Math.min(WORD - offset, buffer.byteSize() - done);
            long result = moveWord(enclave, mapping, word, offset, buffer.asSlice(done, count), write);
            if (result < 0) {
                return result;
            }
            done += count;
        }
        return done;
    }

    private static long moveWord(
            Enclave enclave, DeviceMapping mapping, long word, int offset, MemorySegment part, boolean write) {
        while (true) {
            long index;
            enclave.lock().lock();
            try {
                index = PageFault.loadInMapping(enclave, mapping, word & -Epc.PAGE_SIZE);
                if (index >= 0) {
                    int page = enclave.pageTable().place((int) index);
                    boolean done = move(enclave, page, (int) word & (Epc.PAGE_SIZE - 1), offset, part, write);
                    return done ? 0 : Errno.EIO.result();
                }
            } finally {
                enclave.lock().unlock();
            }
            if (index != Errno.EBUSY.result()) {
                return index;
            }
            enclave.kernel().reclaimer().helpFault(enclave.workload());
        }
    }

    private static boolean move(
            Enclave enclave, int page, int wordInPage, int offset, MemorySegment part, boolean write) {
        Kernel kernel = enclave.kernel();
        Processor processor = kernel.processors().acquire();
        try {
            Outcome outcome = enclave.record(processor.edbgrd(page, wordInPage));
            if (!outcome.isSuccess()) {
                return false;
            }
            MemorySegment data = MemorySegment.ofArray(new byte[WORD]);
            data.set(Layouts.U64, 0, processor.data());
            if (!write) {
                part.copyFrom(data.asSlice(offset, part.byteSize()));
                return true;
            }
            MemorySegment.copy(part, 0, data, offset, part.byteSize());
            return enclave.record(processor.edbgwr(page, wordInPage, data.get(Layouts.U64, 0)))
                    .isSuccess();
        } finally {
            kernel.processors().release(processor);
        }
    }
}
