package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;
import static jsgx.arch.struct.Layouts.u8;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The general registers of an interrupted enclave thread: the last 184 bytes of an SSA frame.
 *
 * <p>SDM volume 3D, "GPRSGX Region".
 */
public record Gprsgx(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 184;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 8;

    /** EXITINFO.EXIT_TYPE of an exception that the processor raised. */
    public static final int HARDWARE_EXCEPTION = 3;

    /** EXITINFO.EXIT_TYPE of an exception that an instruction asked for. */
    public static final int SOFTWARE_EXCEPTION = 6;

    /** How many general registers there are. */
    public static final int GENERAL = 16;

    private static final int EXITINFO_VALID = 1 << 31;

    private static final long RAX = 0;
    private static final long RCX = 8;
    private static final long RDX = 16;
    private static final long RBX = 24;
    private static final long RSP = 32;
    private static final long RBP = 40;
    private static final long RSI = 48;
    private static final long RDI = 56;
    private static final long R8 = 64;
    private static final long R9 = 72;
    private static final long R10 = 80;
    private static final long R11 = 88;
    private static final long R12 = 96;
    private static final long R13 = 104;
    private static final long R14 = 112;
    private static final long R15 = 120;
    private static final long RFLAGS = 128;
    private static final long RIP = 136;
    private static final long URSP = 144;
    private static final long URBP = 152;
    private static final long EXITINFO = 160;
    private static final long AEXNOTIFY = 167;
    private static final long FSBASE = 168;
    private static final long GSBASE = 176;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Gprsgx {
        memory = Views.view(memory, SIZE, "GPRSGX");
    }

    /** A zeroed structure on the heap. */
    public static Gprsgx allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Gprsgx of(byte[] bytes) {
        return new Gprsgx(MemorySegment.ofArray(bytes));
    }

    /** A general register by the number that instructions encode: RAX is 0, RCX 1, R15 15. */
    public long general(int number) {
        return u64(memory, RAX + 8L * Objects.checkIndex(number, GENERAL));
    }

    public void general(int number, long v) {
        u64(memory, RAX + 8L * Objects.checkIndex(number, GENERAL), v);
    }

    public long rax() {
        return u64(memory, RAX);
    }

    public void rax(long v) {
        u64(memory, RAX, v);
    }

    public long rcx() {
        return u64(memory, RCX);
    }

    public void rcx(long v) {
        u64(memory, RCX, v);
    }

    public long rdx() {
        return u64(memory, RDX);
    }

    public void rdx(long v) {
        u64(memory, RDX, v);
    }

    public long rbx() {
        return u64(memory, RBX);
    }

    public void rbx(long v) {
        u64(memory, RBX, v);
    }

    public long rsp() {
        return u64(memory, RSP);
    }

    public void rsp(long v) {
        u64(memory, RSP, v);
    }

    public long rbp() {
        return u64(memory, RBP);
    }

    public void rbp(long v) {
        u64(memory, RBP, v);
    }

    public long rsi() {
        return u64(memory, RSI);
    }

    public void rsi(long v) {
        u64(memory, RSI, v);
    }

    public long rdi() {
        return u64(memory, RDI);
    }

    public void rdi(long v) {
        u64(memory, RDI, v);
    }

    public long r8() {
        return u64(memory, R8);
    }

    public void r8(long v) {
        u64(memory, R8, v);
    }

    public long r9() {
        return u64(memory, R9);
    }

    public void r9(long v) {
        u64(memory, R9, v);
    }

    public long r10() {
        return u64(memory, R10);
    }

    public void r10(long v) {
        u64(memory, R10, v);
    }

    public long r11() {
        return u64(memory, R11);
    }

    public void r11(long v) {
        u64(memory, R11, v);
    }

    public long r12() {
        return u64(memory, R12);
    }

    public void r12(long v) {
        u64(memory, R12, v);
    }

    public long r13() {
        return u64(memory, R13);
    }

    public void r13(long v) {
        u64(memory, R13, v);
    }

    public long r14() {
        return u64(memory, R14);
    }

    public void r14(long v) {
        u64(memory, R14, v);
    }

    public long r15() {
        return u64(memory, R15);
    }

    public void r15(long v) {
        u64(memory, R15, v);
    }

    public long rflags() {
        return u64(memory, RFLAGS);
    }

    public void rflags(long v) {
        u64(memory, RFLAGS, v);
    }

    public long rip() {
        return u64(memory, RIP);
    }

    public void rip(long v) {
        u64(memory, RIP, v);
    }

    /** RSP outside the enclave, as it was at EENTER. */
    public long ursp() {
        return u64(memory, URSP);
    }

    public void ursp(long v) {
        u64(memory, URSP, v);
    }

    /** RBP outside the enclave, as it was at EENTER. */
    public long urbp() {
        return u64(memory, URBP);
    }

    public void urbp(long v) {
        u64(memory, URBP, v);
    }

    /** Why the AEX happened; see {@link #exitInfoOf}. */
    public int exitInfo() {
        return u32(memory, EXITINFO);
    }

    public void exitInfo(int v) {
        u32(memory, EXITINFO, v);
    }

    /** Bit 0: ERESUME enters at OENTRY in place of resuming. */
    public int aexNotify() {
        return u8(memory, AEXNOTIFY);
    }

    public void aexNotify(int v) {
        u8(memory, AEXNOTIFY, v);
    }

    public long fsBase() {
        return u64(memory, FSBASE);
    }

    public void fsBase(long v) {
        u64(memory, FSBASE, v);
    }

    public long gsBase() {
        return u64(memory, GSBASE);
    }

    public void gsBase(long v) {
        u64(memory, GSBASE, v);
    }

    /** EXITINFO of a reported exception: VECTOR in bits 7:0, EXIT_TYPE in bits 10:8, VALID in bit 31. */
    public static int exitInfoOf(int vector, int exitType) {
        return EXITINFO_VALID | ((exitType & 7) << 8) | (vector & 0xFF);
    }

    /** Whether every reserved byte is zero. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 164, 167);
    }
}
