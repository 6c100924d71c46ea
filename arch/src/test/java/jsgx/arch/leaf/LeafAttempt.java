package jsgx.arch.leaf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.CpuFeatures;
import jsgx.arch.KernelMemory;
import jsgx.arch.Leaf;
import jsgx.arch.LinearMemory;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.Rdinfo;
import jsgx.arch.struct.Secinfo;

/**
 * One execution of a leaf with its surroundings: an initialised enclave with a PT_REG and a PT_TCS page, a version array,
 * a free page and operands in ordinary memory. {@link LeafChecks} fill in what makes a leaf succeed and break it.
 */
class LeafAttempt extends LeafCall {

    /** The offset of {@link #reg} in the enclave. */
    static final long REG_OFFSET = 0x2000;

    private static final int PAGES = 12;
    private static final int OUT_WINDOW = TestMachine.FREE_WINDOW;
    private static final int UNMAPPED_WINDOW = 15;

    final TestEnclave enclave;
    final Epcm epcm;
    final Pageinfo pageinfo;
    final Secinfo secinfo;
    final Pager pager;

    /** A PT_REG page, read-write, of the enclave. */
    final int reg;

    final int tcs;
    final int va;
    final int free;

    /** Memory for a page outside the EPC, its metadata, and what ERDINFO tells. */
    final MemorySegment out = MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]);

    final Pcmd pcmd = Pcmd.allocate();
    final Rdinfo rdinfo = Rdinfo.allocate();
    final long outAt;
    final long pcmdAt;
    final long rdinfoAt;

    /** A page-aligned address of ordinary memory. */
    final long ordinary;

    /** A page-aligned address that nothing is mapped at. */
    final long unmapped;

    private final List<Runnable> undos = new ArrayList<>();

    LeafAttempt(Leaf leaf) {
        this(leaf, CpuFeatures.SGX2);
    }

    LeafAttempt(Leaf leaf, CpuFeatures features) {
        super(TestMachine.of(features, PAGES), leaf);
        epcm = epcm();
        pageinfo = machine.pageinfo;
        secinfo = machine.secinfo;
        enclave = TestEnclave.create(machine);
        reg = enclave.addUnmeasured(REG_OFFSET, TestEnclave.RW, new byte[] {1, 2, 3});
        tcs = enclave.addUnmeasured(0x1000, TestEnclave.TCS, new byte[0]);
        setInit(true);
        enclaveState().endMeasurement();
        pager = new Pager(machine);
        va = pager.va;
        free = machine.freePage();
        outAt = machine.memory.map(OUT_WINDOW, out);
        pcmdAt = machine.memory.map(OUT_WINDOW + 1, pcmd.memory());
        rdinfoAt = machine.memory.map(OUT_WINDOW + 2, rdinfo.memory());
        ordinary = machine.sourceAt;
        unmapped = KernelMemory.windowAddress(UNMAPPED_WINDOW);
        // The build of the enclave left its operands there.
        pageinfo.memory().fill((byte) 0);
        secinfo.memory().fill((byte) 0);
    }

    long epc(int page) {
        return machine.epc(page);
    }

    /** The EPC page at an address. */
    int page(long address) {
        int page = machine.memory.epcPage(address);
        if (page < 0) {
            throw new IllegalStateException(
                    page == LinearMemory.UNMAPPED ? "nothing is mapped there" : "ordinary memory is there");
        }
        return page;
    }

    int secs() {
        return enclave.secsPage();
    }

    SecsState enclaveState() {
        return machine.cpu.requireSecs(secs());
    }

    /** SECS.ATTRIBUTES.INIT. */
    void setInit(boolean on) {
        Attributes attributes = enclave.secsInEpc().attributes();
        long flags = on ? attributes.flags() | Attributes.INIT : attributes.flags() & ~Attributes.INIT;
        enclave.secsInEpc().attributes(new Attributes(flags, attributes.xfrm()));
    }

    /** The address of another page of the enclave, of this type and valid. */
    long another(PageType type) {
        int page = machine.freePage();
        epcm.set(page, type.code() << Epcm.PT_SHIFT, 0, secs());
        return epc(page);
    }

    void setType(int page, PageType type) {
        epcm.update(page, Epcm.PT_MASK, type.code() << Epcm.PT_SHIFT);
    }

    /** While the leaf runs, another has the page for itself, which this operand leads to now. */
    void holdExclusive(int page) {
        holdExclusive(() -> page);
    }

    void holdShared(int page) {
        holdShared(() -> page);
    }

    void holdSgx2(int page) {
        holdSgx2(() -> page);
    }

    /** While the leaf runs, an ETRACK runs on the SECS. */
    void holdTracking(int page) {
        holdTracking(() -> page);
    }

    /** A thread entered, ETRACK came, and the thread is still inside. */
    void leaveCycleIncomplete() {
        enclaveState().enter();
        enclaveState().track();
    }

    /** What undoes, before the state is compared, what another leaf did while this one ran. */
    void afterwards(Runnable undo) {
        undos.add(undo);
    }

    @Override
    Outcome execute() {
        Outcome outcome = super.execute();
        undos.forEach(Runnable::run);
        return outcome;
    }

    /** All that software and other leaves can see, as text. */
    @Override
    Object state() {
        StringBuilder text = new StringBuilder();
        for (int page = 0; page < PAGES; page++) {
            text.append("page %d: flags %x address %x secs %d epoch %d%n"
                    .formatted(
                            page,
                            epcm.flags(page),
                            epcm.enclaveAddress(page),
                            epcm.enclaveSecs(page),
                            epcm.blockEpoch(page)));
            if (epcm.valid(page)) {
                text.append("content ")
                        .append(hash(machine.cpu.epc().page(page)))
                        .append('\n');
            }
            SecsState secs = machine.cpu.secs(page);
            if (secs != null) {
                text.append("enclave %d: children %d epoch %d threads %d of which before %d measuring %b%n"
                        .formatted(
                                secs.eid(),
                                secs.children(),
                                secs.epoch(),
                                secs.threads(),
                                secs.threadsBefore(),
                                secs.measurement() != null));
            }
        }
        text.append("CPUSVN ").append(machine.cpu.cpuSvn()).append('\n');
        for (MemorySegment memory :
                List.of(pageinfo.memory(), secinfo.memory(), machine.source, out, pcmd.memory(), rdinfo.memory())) {
            text.append("memory ").append(hash(memory)).append('\n');
        }
        return text.toString();
    }

    private static String hash(MemorySegment memory) {
        byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
