package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * The Thread Control Structure: one entry point of an enclave and the state of the thread that uses it. 4096 bytes, 4096-aligned,
 * an EPC page of type PT_TCS.
 *
 * <p>SDM volume 3D, "Thread Control Structure (TCS)". Offsets are in bytes from SECS.BASEADDR.
 */
public record Tcs(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 4096;

    /** STATE: free for EENTER. */
    public static final long INACTIVE = 0;

    /** STATE: in use. */
    public static final long ACTIVE = 1;

    /** FLAGS bit: debug features of the processor act inside the enclave. */
    public static final long DBGOPTIN = 1;

    /** FLAGS bit: the thread takes part in AEX notification. */
    public static final long AEXNOTIFY = 1L << 1;

    private static final long STATE = 0;
    private static final long FLAGS = 8;
    private static final long OSSA = 16;
    private static final long CSSA = 24;
    private static final long NSSA = 28;
    private static final long OENTRY = 32;
    private static final long AEP = 40;
    private static final long OFSBASE = 48;
    private static final long OGSBASE = 56;
    private static final long FSLIMIT = 64;
    private static final long GSLIMIT = 68;
    private static final long OCETSSA = 72;
    private static final long PREVSSP = 80;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Tcs {
        memory = Views.view(memory, SIZE, "TCS");
    }

    /** A zeroed structure on the heap. */
    public static Tcs allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Tcs of(byte[] bytes) {
        return new Tcs(MemorySegment.ofArray(bytes));
    }

    /** {@link #ACTIVE} while a logical processor executes with this TCS. */
    public long state() {
        return u64(memory, STATE);
    }

    public void state(long v) {
        u64(memory, STATE, v);
    }

    /** {@link #DBGOPTIN} and {@link #AEXNOTIFY}. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    /** Offset of the SSA stack, page-aligned. */
    public long ossa() {
        return u64(memory, OSSA);
    }

    public void ossa(long v) {
        u64(memory, OSSA, v);
    }

    /** Index of the SSA frame that the next AEX fills. */
    public int cssa() {
        return u32(memory, CSSA);
    }

    public void cssa(int v) {
        u32(memory, CSSA, v);
    }

    /** How many SSA frames there are. */
    public int nssa() {
        return u32(memory, NSSA);
    }

    public void nssa(int v) {
        u32(memory, NSSA, v);
    }

    /** Offset of the entry point. */
    public long oentry() {
        return u64(memory, OENTRY);
    }

    public void oentry(long v) {
        u64(memory, OENTRY, v);
    }

    /** Linear address, outside, to which an AEX goes. */
    public long aep() {
        return u64(memory, AEP);
    }

    public void aep(long v) {
        u64(memory, AEP, v);
    }

    /** Offset of the FS segment in the enclave, page-aligned. */
    public long ofsBase() {
        return u64(memory, OFSBASE);
    }

    public void ofsBase(long v) {
        u64(memory, OFSBASE, v);
    }

    /** Offset of the GS segment in the enclave, page-aligned. */
    public long ogsBase() {
        return u64(memory, OGSBASE);
    }

    public void ogsBase(long v) {
        u64(memory, OGSBASE, v);
    }

    /** Limit of FS in a 32-bit enclave, in bytes. */
    public int fsLimit() {
        return u32(memory, FSLIMIT);
    }

    public void fsLimit(int v) {
        u32(memory, FSLIMIT, v);
    }

    /** Limit of GS in a 32-bit enclave, in bytes. */
    public int gsLimit() {
        return u32(memory, GSLIMIT);
    }

    public void gsLimit(int v) {
        u32(memory, GSLIMIT, v);
    }

    /** Offset of the CET state save area. */
    public long ocetSsa() {
        return u64(memory, OCETSSA);
    }

    public void ocetSsa(long v) {
        u64(memory, OCETSSA, v);
    }

    /** Shadow stack pointer at the last EEXIT. */
    public long prevSsp() {
        return u64(memory, PREVSSP);
    }

    public void prevSsp(long v) {
        u64(memory, PREVSSP, v);
    }

    /** Whether bytes 88 to the end, reserved on all processors, are zero; FLAGS and the CET fields are apart. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 88, SIZE);
    }

    /** Whether every bit of FLAGS but DBGOPTIN and AEXNOTIFY is zero. */
    public boolean flagsReservedIsZero() {
        return (flags() & ~(DBGOPTIN | AEXNOTIFY)) == 0;
    }

    /** Whether the fields that a processor without CET reserves are zero. */
    public boolean cetFieldsAreZero() {
        return ocetSsa() == 0 && prevSsp() == 0;
    }
}
