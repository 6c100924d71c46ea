package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Enclu;
import jsgx.arch.Leaf;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.UserMemory;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/**
 * A call of a leaf of ENCLU on an initialised enclave in the memory of a process. The enclave has every attribute, one TCS with
 * three SSA frames of two pages, and pages for operands, each at the offset of a constant here; no signature was made
 * for it.
 */
class EnclaveCall extends LeafCall {

    /** What the processor and the enclave are. */
    enum Kind {
        SGX2,
        /** A 32-bit enclave. */
        MODE32,
        /** With CET: a shadow stack and indirect branch tracking. */
        CET
    }

    static final long CODE = 0;
    static final long TCS = 0x1000;
    static final long SSA = 0x2000;
    static final long FRAME = 0x2000;
    static final int FRAMES = 3;
    static final long CET_SAVE = 0x8000;
    static final long OPERAND_1 = 0x9000;
    static final long OPERAND_2 = 0xa000;
    static final long OPERAND_3 = 0xb000;
    static final long TARGET = 0xc000;

    /** Ordinary memory inside ELRANGE. */
    static final long ORDINARY = 0x1_0000;

    /** Nothing is mapped here. */
    static final long UNMAPPED = 0x1_1000;

    static final long AEP = 0x40_1000;
    static final long SIZE = 0x2_0000;
    private static final long BASE_32 = 0x1000_0000;
    private static final long SS_REST = Secinfo.R | Secinfo.W | (long) PageType.SS_REST.code() << 8;
    private static final int SH_STK_EN_AND_ENDBR_EN = 1 | 1 << 2;

    final TestEnclave enclave;
    final UserMemory memory = new UserMemory();

    EnclaveCall(Leaf leaf, Kind kind) {
        super(TestMachine.of(kind == Kind.CET ? TestMachine.withCet() : CpuFeatures.SGX2, 24), leaf);
        machine.lp.cr4Cet(kind == Kind.CET);
        enclave = TestEnclave.create(machine, secs -> fill(secs, kind));
        add(CODE, TestEnclave.RX);
        Tcs tcs = Tcs.allocate();
        tcs.ossa(SSA);
        tcs.nssa(FRAMES);
        tcs.oentry(CODE + 0x10);
        tcs.ofsBase(OPERAND_1);
        tcs.ogsBase(OPERAND_2);
        tcs.fsLimit(0xfff);
        tcs.gsLimit(0xfff);
        tcs.flags(Tcs.AEXNOTIFY);
        tcs.ocetSsa(kind == Kind.CET ? CET_SAVE : 0);
        add(TCS, TestEnclave.TCS, tcs.memory().toArray(ValueLayout.JAVA_BYTE));
        for (long page = SSA; page < SSA + FRAMES * FRAME; page += Epc.PAGE_SIZE) {
            add(page, TestEnclave.RW);
        }
        add(CET_SAVE, kind == Kind.CET ? SS_REST : TestEnclave.RW);
        add(OPERAND_1, TestEnclave.RW);
        add(OPERAND_2, TestEnclave.RW);
        add(OPERAND_3, TestEnclave.RW);
        add(TARGET, TestEnclave.RW);
        initialize();
        memory.map(at(ORDINARY), MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]));
        machine.lp.memory(memory);
        machine.lp.mode64(kind != Kind.MODE32);
        machine.lp.cpl(3);
        machine.lp.registers().set(Register.RSP, 0x7fff_1000);
        machine.lp.registers().set(Register.RBP, 0x7fff_2000);
        machine.lp.registers().set(Register.RIP, 0x40_0000);
    }

    private static void fill(Secs secs, Kind kind) {
        long flags = Attributes.PROVISIONKEY | Attributes.EINITTOKENKEY | Attributes.KSS | Attributes.AEXNOTIFY;
        long mode = kind == Kind.MODE32 ? 0 : Attributes.MODE64BIT;
        secs.attributes(new Attributes(flags | mode | (kind == Kind.CET ? Attributes.CET : 0), 7));
        secs.baseAddr(kind == Kind.MODE32 ? BASE_32 : TestEnclave.BASE);
        secs.size(SIZE);
        secs.ssaFrameSize(2);
        secs.miscSelect(1);
        secs.configSvn(4);
        if (kind == Kind.CET) {
            secs.cetAttributes(SH_STK_EN_AND_ENDBR_EN);
        }
    }

    private void add(long offset, long secinfoFlags) {
        add(offset, secinfoFlags, new byte[0]);
    }

    private void add(long offset, long secinfoFlags, byte[] content) {
        int page = enclave.addUnmeasured(offset, secinfoFlags, content);
        memory.mapEpc(at(offset), page);
    }

    /** What EINIT leaves. */
    private void initialize() {
        Secs secs = secs();
        secs.isvSvn(5);
        secs.isvProdId(6);
        secs.attributes(secs.attributes().with(Attributes.INIT));
        machine.cpu.requireSecs(enclave.secsPage()).endMeasurement();
    }

    final long at(long offset) {
        return enclave.base() + offset;
    }

    /** The EPC page at an offset. */
    final int page(long offset) {
        return machine.memory.epcPage(at(offset));
    }

    /** The content of the EPC page at an offset. */
    final MemorySegment content(long offset) {
        return machine.cpu.epc().page(page(offset));
    }

    final Secs secs() {
        return enclave.secsInEpc();
    }

    final Tcs tcs() {
        return new Tcs(content(TCS));
    }

    /** GPRSGX of an SSA frame. */
    final Gprsgx gprsgx(int frame) {
        return new Gprsgx(content(SSA + frame * FRAME + Epc.PAGE_SIZE).asSlice(Epc.PAGE_SIZE - Gprsgx.SIZE));
    }

    final EnclaveCall enter() {
        succeeds(Enclu.eenter(machine.lp, at(TCS), AEP));
        return this;
    }

    final EnclaveCall interrupt() {
        Aex.run(machine.lp, Aex.Event.interrupt(32));
        return this;
    }

    /** Changes the EPCM entry of the page at an offset so that it does not meet a condition. */
    final void spoil(long offset, PageCondition condition) {
        int page = page(offset);
        switch (condition) {
            case VALID -> epcm().invalidate(page);
            case NOT_BLOCKED -> epcm().update(page, 0, Epcm.BLOCKED);
            case PENDING -> epcm().update(page, Epcm.PENDING, 0);
            case NOT_PENDING -> epcm().update(page, 0, Epcm.PENDING);
            case NOT_MODIFIED -> epcm().update(page, 0, Epcm.MODIFIED);
            case PT_REG, PT_TCS, PT_SS_REST, PT_ACCEPTABLE ->
                epcm().update(page, Epcm.PT_MASK, PageType.VA.code() << Epcm.PT_SHIFT);
            case OWN_SECS -> replace(page, epcm().enclaveAddress(page), page(CODE));
            case ENCLAVEADDRESS -> replace(page, at(SIZE - Epc.PAGE_SIZE), epcm().enclaveSecs(page));
            case R -> epcm().update(page, Epcm.R, 0);
            case W -> epcm().update(page, Epcm.W, 0);
            case X -> epcm().update(page, Epcm.X, 0);
            case NOT_X -> epcm().update(page, 0, Epcm.X);
        }
    }

    private void replace(int page, long address, int secs) {
        int flags = epcm().flags(page);
        epcm().set(page, flags, address, secs);
        epcm().flags(page, flags);
    }

    /** The EPCM, registers, mode, threads and all of the EPC's content. */
    @Override
    Object state() {
        List<Object> state = new ArrayList<>();
        state.add(super.state());
        for (Register register : Register.values()) {
            state.add(machine.lp.registers().get(register));
        }
        state.add(machine.lp.xcr0());
        state.add(Optional.ofNullable(machine.lp.enclaveMode()));
        state.add(machine.cpu.requireSecs(enclave.secsPage()).threads());
        for (Epc.Section section : machine.cpu.epc().sections()) {
            state.add(MemorySegment.ofArray(section.memory().toArray(ValueLayout.JAVA_BYTE))
                    .asByteBuffer());
        }
        return state;
    }
}
