package jsgx.driver.legacy;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.driver.Errno;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Processor;

/**
 * How a debugger reads and writes a debug enclave through a mapping of an older driver: EDBGRD and EDBGWR of 8 bytes at a time. Of a
 * TCS it reads the first 72 bytes and writes FLAGS; more ends the access early.
 *
 * <p>Returns the bytes moved, or:
 *
 * <ul>
 *   <li>-EFAULT: there is no enclave, it has no ATTRIBUTES.DEBUG, is not initialised or has lost a mapping; there is no such page, or
 *       it could not be loaded; or EDBGRD or EDBGWR failed.
 *   <li>-ENOMEM: the page is evicted, and no EPC page can be had for it.
 * </ul>
 */
final class LegacyDebugAccess {

    private static final int WORD = 8;
    private static final int TCS_READABLE = 72;
    private static final int TCS_FLAGS = 8;
    private static final int TCS_AFTER_FLAGS = 16;

    private LegacyDebugAccess() {}

    static long run(Optional<Enclave> found, long address, MemorySegment buffer, boolean write) {
        if (found.isEmpty() || !isOpen(found.get())) {
            return Errno.EFAULT.result();
        }
        Enclave enclave = found.get();
        int length = (int) buffer.byteSize();
        int done = 0;
        while (done < length) {
            long index = LegacyFault.loadAndLock(enclave, (address + done) & -Epc.PAGE_SIZE);
            if (index < 0) {
                return index;
            }
            try {
                long word = (address + done) & -WORD;
                int inPage = (int) word & (Epc.PAGE_SIZE - 1);
                boolean tcs = enclave.pageTable().type((int) index) == PageType.TCS.code();
                if (tcs && !isTcsAccess(inPage, length - done, write)) {
                    return done;
                }
                int align = (int) (address + done - word);
                int count = Math.min(WORD - align, length - done);
                int page = enclave.pageTable().place((int) index);
                if (!move(enclave, page, inPage, align, buffer.asSlice(done, count), write)) {
                    return Errno.EFAULT.result();
                }
                done += count;
            } finally {
                enclave.lock().unlock();
            }
        }
        return done;
    }

    private static boolean isOpen(Enclave enclave) {
        return enclave.attributes().has(Attributes.DEBUG) && enclave.isInitialized() && !enclave.isDead();
    }

    private static boolean isTcsAccess(int offset, int length, boolean write) {
        return write ? offset >= TCS_FLAGS && offset + length <= TCS_AFTER_FLAGS : offset + length <= TCS_READABLE;
    }

    private static boolean move(Enclave enclave, int page, int inPage, int align, MemorySegment part, boolean write) {
        Processor processor = enclave.kernel().processors().acquire();
        try {
            MemorySegment data = MemorySegment.ofArray(new byte[WORD]);
            if (!write || part.byteSize() != WORD) {
                Outcome outcome = enclave.record(processor.edbgrd(page, inPage));
                if (!outcome.isSuccess()) {
                    return false;
                }
                data.set(Layouts.U64, 0, processor.data());
            }
            if (!write) {
                part.copyFrom(data.asSlice(align, part.byteSize()));
                return true;
            }
            MemorySegment.copy(part, 0, data, align, part.byteSize());
            return enclave.record(processor.edbgwr(page, inPage, data.get(Layouts.U64, 0)))
                    .isSuccess();
        } finally {
            enclave.kernel().processors().release(processor);
        }
    }
}
