package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS: takes permissions from pages (EMODPR). */
public record RestrictPermissions(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 40;

    /** The request number. */
    public static final int CMD = IoctlNumber.iowr(0x05, SIZE);

    private static final long OFFSET = 0;
    private static final long LENGTH = 8;
    private static final long PERMISSIONS = 16;
    private static final long RESULT = 24;
    private static final long COUNT = 32;

    /** A zeroed structure on the heap. */
    public static RestrictPermissions allocate() {
        return new RestrictPermissions(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Offset of the first page in the enclave. */
    public long offset() {
        return u64(memory, OFFSET);
    }

    public void offset(long v) {
        u64(memory, OFFSET, v);
    }

    /** How many bytes, in whole pages. */
    public long length() {
        return u64(memory, LENGTH);
    }

    public void length(long v) {
        u64(memory, LENGTH, v);
    }

    /** The permissions that remain: SECINFO bits R, W, X. */
    public long permissions() {
        return u64(memory, PERMISSIONS);
    }

    public void permissions(long v) {
        u64(memory, PERMISSIONS, v);
    }

    /** Out: what EMODPR returned. */
    public long result() {
        return u64(memory, RESULT);
    }

    public void result(long v) {
        u64(memory, RESULT, v);
    }

    /** Out: how many bytes were changed. */
    public long count() {
        return u64(memory, COUNT);
    }

    public void count(long v) {
        u64(memory, COUNT, v);
    }
}
