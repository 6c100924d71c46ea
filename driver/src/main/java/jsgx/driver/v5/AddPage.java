package jsgx.driver.v5;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.AddressSpace;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.LegacyFile;
import jsgx.driver.legacy.PageAddition;

/**
 * SGX_IOC_ENCLAVE_ADD_PAGE: adds a page to an enclave that is not initialised (EADD), and measures the parts of it that mrmask
 * names (EEXTEND). A leaf function that fails is reported to nobody: the pages behind this one are dropped, and EINIT finds
 * another measurement.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>a positive number, how many bytes of the page's content could not be read; 0x40000000: power was lost.
 *   <li>-EINVAL: addr is not a multiple of 4096 or lies in no mapping of the device; the SECINFO has reserved bits, W without R, or
 *       another type than PT_REG and PT_TCS; a TCS page has reserved or DBGOPTIN bits, an offset outside the enclave, a limit that
 *       does not end in FFFH, or reserved bytes; the enclave is initialised, or a mapping of it was closed.
 *   <li>-ENOENT: the mapping has no enclave.
 *   <li>-EFAULT: the SECINFO cannot be read, or EPA raised a fault.
 *   <li>-EEXIST: the enclave has a page at addr.
 *   <li>-ENOMEM: no EPC page can be had: all are in use by what cannot be reclaimed, version arrays take too many, or the account
 *       is full.
 *   <li>-ERESTARTSYS: a signal came while pages were reclaimed.
 * </ul>
 */
public record AddPage(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 26;

    /** The request number. */
    public static final int CMD = 0x401AA401;

    private static final long ADDR = 0;
    private static final long SRC = 8;
    private static final long SECINFO = 16;
    private static final long MRMASK = 24;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public AddPage {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static AddPage allocate() {
        return new AddPage(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the page in the enclave. */
    public long addr() {
        return u64(memory, ADDR);
    }

    public void addr(long v) {
        u64(memory, ADDR, v);
    }

    /** Address of the content, 4096 bytes. */
    public long src() {
        return u64(memory, SRC);
    }

    public void src(long v) {
        u64(memory, SRC, v);
    }

    /** Address of the SECINFO. */
    public long secinfo() {
        return u64(memory, SECINFO);
    }

    public void secinfo(long v) {
        u64(memory, SECINFO, v);
    }

    /** Bit j asks for EEXTEND of the 256 bytes at 256 * j. */
    public int mrmask() {
        return u16(memory, MRMASK);
    }

    public void mrmask(int v) {
        u16(memory, MRMASK, v);
    }

    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        AddPage add = new AddPage(structure);
        return PageAddition.run(file, caller, add.addr(), add.src(), add.secinfo(), add.mrmask());
    }
}
