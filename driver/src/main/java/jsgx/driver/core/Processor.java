package jsgx.driver.core;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jsgx.arch.Encls;
import jsgx.arch.KernelMemory;
import jsgx.arch.Leaf;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.VaPage;
import jsgx.driver.Hardware;
import jsgx.driver.InterfaceKind;

/**
 * A logical processor as a kernel drives it: a line for each leaf of ENCLS that the driver executes, with EPC pages named by
 * their index and ordinary memory by its segment. One thread has it at a time, as long as it takes to execute a few leaves.
 */
public final class Processor {

    /** {@link #eldu} of a page that belongs to no enclave. */
    public static final int NO_SECS = -1;

    /** Offset of the EINITTOKEN in the page whose start is the SIGSTRUCT. */
    public static final int TOKEN_OFFSET = Epc.PAGE_SIZE / 2;

    private static final int PAGEINFO = 0;
    private static final int CONTENT = 1;
    private static final int METADATA = 2;
    private static final long PAGEINFO_ADDRESS = KernelMemory.windowAddress(PAGEINFO);
    private static final long HASH_MSRS = 4;

    private final LogicalProcessor lp;
    private final KernelMemory memory;
    private final Pageinfo pageinfo = Pageinfo.allocate();
    private final Secinfo secinfo = Secinfo.allocate();
    private final long[][] hashes = new long[InterfaceKind.values().length][];

    Processor(Hardware hardware) {
        memory = new KernelMemory(
                hardware.cpuid().sections().stream().mapToInt(Epc.Range::pages).sum());
        lp = hardware.processor(memory);
        memory.map(PAGEINFO, pageinfo.memory());
        rememberHashes();
    }

    /** The processor itself, for what firmware does to it. */
    public LogicalProcessor logicalProcessor() {
        return lp;
    }

    /** Takes the present hash MSRs as what each interface left there last: they are so after a reset. */
    void rememberHashes() {
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = hash();
        }
    }

    /**
     * Restores the hash MSRs to what this interface left there last. On a machine only one driver runs; here each sees the
     * MSRs as if it were alone, which is what a hypervisor does for its guests.
     */
    public void restoreHash(InterfaceKind kind) {
        writeMsrs(hashes[kind.ordinal()]);
    }

    /** What the hash MSRs hold for this interface. */
    public long[] hash(InterfaceKind kind) {
        return hashes[kind.ordinal()].clone();
    }

    /** WRMSR to the four hash MSRs, for one EINIT of a virtual machine. Every interface writes its own before it needs them. */
    public void writeGuestHash(long[] hash) {
        if (lp.lePubKeyHashWritable()) {
            writeMsrs(hash);
        }
    }

    /** WRMSR to the four hash MSRs, for this interface. */
    public void writeHash(InterfaceKind kind, long[] hash) {
        if (lp.lePubKeyHashWritable()) {
            hashes[kind.ordinal()] = hash;
            writeMsrs(hash);
        }
    }

    private void writeMsrs(long[] hash) {
        for (int i = 0; i < HASH_MSRS; i++) {
            if (lp.lePubKeyHash(i) != hash[i]) {
                lp.writeLePubKeyHash(i, hash[i]);
            }
        }
    }

    private long[] hash() {
        long[] hash = new long[(int) HASH_MSRS];
        Arrays.setAll(hash, lp::lePubKeyHash);
        return hash;
    }

    public Outcome ecreate(int page, MemorySegment secs) {
        secinfo.flags(0);
        return ecreate(page, secs, secinfo.memory(), 0, 0);
    }

    /** ECREATE with all operands, as a virtual machine gave them; PAGEINFO.SECS is whatever it says there. */
    public Outcome ecreate(int page, MemorySegment secs, MemorySegment info, long linAddr, long pageinfoSecs) {
        prepare(linAddr, memory.map(CONTENT, secs), memory.map(METADATA, info), pageinfoSecs);
        return execute(Leaf.ECREATE, PAGEINFO_ADDRESS, KernelMemory.epcAddress(page), 0);
    }

    public Outcome eadd(int page, int secs, long linAddr, MemorySegment content, MemorySegment secinfo) {
        prepare(linAddr, memory.map(CONTENT, content), memory.map(METADATA, secinfo), KernelMemory.epcAddress(secs));
        return execute(Leaf.EADD, PAGEINFO_ADDRESS, KernelMemory.epcAddress(page), 0);
    }

    /** EEXTEND of the 256 bytes at this offset in a page. */
    public Outcome eextend(int page, int secs, int offset) {
        return execute(Leaf.EEXTEND, KernelMemory.epcAddress(secs), KernelMemory.epcAddress(page) + offset, 0);
    }

    /** EINIT with a SIGSTRUCT and, at {@link #TOKEN_OFFSET} after it, an EINITTOKEN. */
    public Outcome einit(int secs, MemorySegment sigstructAndToken) {
        long sigstruct = memory.map(CONTENT, sigstructAndToken);
        return execute(Leaf.EINIT, sigstruct, KernelMemory.epcAddress(secs), sigstruct + TOKEN_OFFSET);
    }

    public Outcome eremove(int page) {
        return execute(Leaf.EREMOVE, 0, KernelMemory.epcAddress(page), 0);
    }

    public Outcome epa(int page) {
        return execute(Leaf.EPA, PageType.VA.code(), KernelMemory.epcAddress(page), 0);
    }

    public Outcome eblock(int page) {
        return execute(Leaf.EBLOCK, 0, KernelMemory.epcAddress(page), 0);
    }

    public Outcome etrack(int secs) {
        return execute(Leaf.ETRACK, 0, KernelMemory.epcAddress(secs), 0);
    }

    public Outcome ewb(int page, int vaPage, int slot, MemorySegment content, MemorySegment pcmd) {
        prepare(0, memory.map(CONTENT, content), memory.map(METADATA, pcmd), 0);
        return execute(Leaf.EWB, PAGEINFO_ADDRESS, KernelMemory.epcAddress(page), slotAddress(vaPage, slot));
    }

    public Outcome eldu(
            int page, int secs, long linAddr, int vaPage, int slot, MemorySegment content, MemorySegment pcmd) {
        prepare(
                linAddr,
                memory.map(CONTENT, content),
                memory.map(METADATA, pcmd),
                secs == NO_SECS ? 0 : KernelMemory.epcAddress(secs));
        return execute(Leaf.ELDU, PAGEINFO_ADDRESS, KernelMemory.epcAddress(page), slotAddress(vaPage, slot));
    }

    public Outcome eaug(int page, int secs, long linAddr) {
        prepare(linAddr, 0, 0, KernelMemory.epcAddress(secs));
        return execute(Leaf.EAUG, PAGEINFO_ADDRESS, KernelMemory.epcAddress(page), 0);
    }

    /** EMODPR to these SECINFO.FLAGS. */
    public Outcome emodpr(int page, long flags) {
        return withSecinfo(Leaf.EMODPR, page, flags);
    }

    /** EMODT to these SECINFO.FLAGS. */
    public Outcome emodt(int page, long flags) {
        return withSecinfo(Leaf.EMODT, page, flags);
    }

    /** EDBGRD of the 8 bytes at this offset in a page; {@link #data} has them after a success. */
    public Outcome edbgrd(int page, int offset) {
        return execute(Leaf.EDBGRD, 0, KernelMemory.epcAddress(page) + offset, 0);
    }

    /** What the last {@link #edbgrd} read. */
    public long data() {
        return lp.registers().get(RegisterFile.Register.RBX);
    }

    public Outcome edbgwr(int page, int offset, long value) {
        return execute(Leaf.EDBGWR, value, KernelMemory.epcAddress(page) + offset, 0);
    }

    private Outcome withSecinfo(Leaf leaf, int page, long flags) {
        secinfo.flags(flags);
        return execute(leaf, memory.map(METADATA, secinfo.memory()), KernelMemory.epcAddress(page), 0);
    }

    private void prepare(long linAddr, long srcPge, long metadata, long secs) {
        pageinfo.linAddr(linAddr);
        pageinfo.srcPge(srcPge);
        pageinfo.secinfo(metadata);
        pageinfo.secs(secs);
    }

    private Outcome execute(Leaf leaf, long rbx, long rcx, long rdx) {
        return Encls.execute(lp, leaf, rbx, rcx, rdx);
    }

    private static long slotAddress(int vaPage, int slot) {
        return KernelMemory.epcAddress(vaPage) + (long) slot * VaPage.SLOT_SIZE;
    }

    /** Forgets all memory that was passed to a leaf, so that nobody's pages live on in an idle processor. */
    void forget() {
        memory.unmapAll();
        memory.map(PAGEINFO, pageinfo.memory());
    }
}
