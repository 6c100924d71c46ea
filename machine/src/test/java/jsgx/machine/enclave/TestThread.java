package jsgx.machine.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Cpuid;
import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.RegisterModel;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.MiscSelect;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Tcs;
import jsgx.driver.DeviceMapping;
import jsgx.driver.FaultResult;
import jsgx.driver.MappingOperations;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.StoppedThread;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a program with an enclave, both made of nothing but registers and memory: tests put instructions where RIP is and say
 * what the real processor would have raised.
 */
public final class TestThread implements StoppedThread {

    static final long CODE = TestEnclave.BASE;
    static final long DATA = TestEnclave.BASE + 0x1000;
    static final long READ_ONLY = TestEnclave.BASE + 0x2000;
    static final long TCS = TestEnclave.BASE + 0x3000;
    static final long SSA = TestEnclave.BASE + 0x4000;
    static final int FRAMES = 3;
    static final long FREE = TestEnclave.BASE + 0x8000;
    static final long END = TestEnclave.BASE + TestEnclave.SIZE;
    static final long STACK = 0x7ffc_0000_1000L;

    static final String ENCLU = "0f01d7";
    static final FaultAnswer RESUME = new FaultAnswer.Resume();
    static final int MAPERR = 1;
    static final int ACCERR = 2;
    static final int SI_KERNEL = 0x80;

    /** MOV [RDI], RAX. */
    static final String STORE = "488907";

    /** MOV RAX, [RDI]. */
    static final String LOAD = "488b07";

    private static final long RO = Secinfo.R | (long) PageType.REG.code() << 8;

    final TestMachine machine;
    final TestEnclave enclave;
    final TestSpace space;
    final RegisterFile registers = new RegisterModel();
    final List<SgxEvent> events = new ArrayList<>();
    final CpuidSites cpuidSites = new CpuidSites();
    final LogicalProcessor processor;
    public final EnclaveExecution execution;

    /** Where the program has its vDSO's ENCLU, and a NOP behind it. */
    final long vdso;

    /** Where the program has an ENCLU of its own. */
    final long own;

    final long fixup;
    LongFunction<FaultResult> driver = address -> FaultResult.SIGBUS;
    private final MemorySegment host;
    private final long hostAt;

    public TestThread() {
        this(CpuFeatures.SGX2);
    }

    TestThread(CpuFeatures features) {
        this(features, TestMachine.of(features), null);
    }

    private TestThread(CpuFeatures features, TestMachine machine, @Nullable TestThread first) {
        this.machine = machine;
        if (first != null) {
            enclave = first.enclave;
            space = first.space;
            host = first.host;
            hostAt = first.hostAt;
        } else {
            enclave = build(features, machine);
            space = new TestSpace(machine.memory);
            host = MemorySegment.ofArray(new byte[0x1000]);
            protect(TestEnclave.BASE, END, 7);
            hostAt = machine.memory.map(TestMachine.FREE_WINDOW, host);
        }
        vdso = hostAt + 0x100;
        fixup = hostAt + 0x180;
        own = hostAt + 0x200;
        put(vdso, ENCLU + "90");
        put(own, ENCLU + "90");
        processor = new LogicalProcessor(machine.cpu, machine.memory);
        execution = new EnclaveExecution(
                this,
                space,
                processor,
                new Vdso(vdso, fixup),
                new CpuidService(machine.cpu.cpuid()::read, (leaf, subleaf) -> new Cpuid.Registers(0, 0, 0, 0)),
                cpuidSites,
                new EventSink() {
                    @Override
                    public void event(SgxEvent event) {
                        events.add(event);
                    }
                });
        registers.set(Register.RIP, vdso);
        registers.set(Register.RSP, STACK);
        registers.set(Register.RBP, STACK + 0x100);
        registers.set(Register.RFLAGS, 0x202);
    }

    /** Another thread of the same program. */
    TestThread another() {
        return new TestThread(machine.cpu.features(), machine, this);
    }

    private static TestEnclave build(CpuFeatures features, TestMachine machine) {
        TestEnclave enclave = TestEnclave.create(machine, secs -> {
            if ((features.miscSelect() & MiscSelect.EXINFO) != 0) {
                secs.miscSelect(MiscSelect.EXINFO);
            }
        });
        enclave.add(0, TestEnclave.RX, new byte[0]);
        enclave.add(0x1000, TestEnclave.RW, new byte[0]);
        enclave.add(0x2000, RO, new byte[0]);
        enclave.addTcs(0x3000, tcs -> {
            tcs.ossa(0x4000);
            tcs.nssa(FRAMES);
            tcs.oentry(0);
            tcs.ofsBase(0x1000);
            tcs.ogsBase(0x2000);
        });
        for (int i = 0; i < FRAMES; i++) {
            enclave.add(0x4000 + i * 0x1000L, TestEnclave.RW, new byte[0]);
        }
        return enclave.init();
    }

    /** Another mapping of the enclave between two addresses, with this protection. */
    void protect(long start, long end, int protection) {
        space.mappings().insert(new DeviceMapping(space, start, end, 0, protection, new MappingOperations() {
            @Override
            public FaultResult fault(DeviceMapping mapping, long address, boolean write) {
                assertThatOutside();
                return driver.apply(address);
            }

            @Override
            public long access(DeviceMapping mapping, long address, MemorySegment buffer, boolean write) {
                throw new AssertionError("not asked for");
            }

            @Override
            public long mprotect(DeviceMapping mapping, long from, long to, int wanted) {
                return 0;
            }

            @Override
            public void opened(DeviceMapping mapping) {}

            @Override
            public void closed(DeviceMapping mapping) {}
        }));
        for (int i = 0; i < 7; i++) {
            // The mapping that this one took the place of has taken its pages out of the page tables.
            machine.memory.mapEpc(TestEnclave.BASE + i * 0x1000L, enclave.secsPage() + 1 + i);
        }
    }

    /** The driver may wait for this thread to have left. */
    private void assertThatOutside() {
        if (processor.enclaveMode() != null) {
            throw new AssertionError("the driver is asked from inside an enclave");
        }
    }

    /** Puts machine code at an address of the enclave or of the program. */
    void put(long address, String code) {
        byte[] bytes = HexFormat.of().parseHex(code);
        MemorySegment page =
                address >= TestEnclave.BASE && address < END ? machine.cpu.epc().page(space.epcPage(address)) : host;
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, page, address & 0xfff, bytes.length);
    }

    /** ENCLU traps: what a processor without SGX does with it. */
    FaultAnswer enclu() {
        return execution.fault(new SignalInfo(
                SignalInfo.SIGILL, 2, registers.get(Register.RIP), SignalInfo.UNKNOWN, SignalInfo.UNKNOWN));
    }

    /** ENCLU with a leaf, at an address where there is one. */
    FaultAnswer enclu(Leaf leaf, long rip, long rbx, long rcx) {
        registers.set(Register.RAX, leaf.number());
        registers.set(Register.RBX, rbx);
        registers.set(Register.RCX, rcx);
        registers.set(Register.RIP, rip);
        return enclu();
    }

    /** EENTER by the vDSO, whose ENCLU is the AEP too. */
    public FaultAnswer enter() {
        return enclu(Leaf.EENTER, vdso, TCS, vdso);
    }

    /** EENTER by code of the program's own, whose AEP is this ENCLU. */
    FaultAnswer enterFromOwn() {
        return enclu(Leaf.EENTER, own, TCS, own);
    }

    /** The instruction at RIP touches memory that it may not. */
    FaultAnswer segmentation(long address, int code) {
        return execution.fault(
                new SignalInfo(SignalInfo.SIGSEGV, code, address, SignalInfo.UNKNOWN, SignalInfo.UNKNOWN));
    }

    FaultAnswer raises(int signal, int code) {
        return execution.fault(
                new SignalInfo(signal, code, registers.get(Register.RIP), SignalInfo.UNKNOWN, SignalInfo.UNKNOWN));
    }

    /** Adds a page to the enclave as the driver does on a page fault. */
    FaultResult augment(long address) {
        int page = machine.freePage();
        machine.pageinfo.linAddr(address);
        machine.pageinfo.secs(enclave.secsAt());
        machine.pageinfo.srcPge(0);
        machine.pageinfo.secinfo(0);
        Outcome outcome = Encls.eaug(machine.lp, machine.pageinfoAt, machine.epc(page));
        if (!outcome.isSuccess()) {
            throw new AssertionError(outcome);
        }
        space.map(address, page, 7);
        return FaultResult.NOPAGE;
    }

    Tcs tcs() {
        return new Tcs(machine.cpu.epc().page(space.epcPage(TCS)));
    }

    Gprsgx gprsgx(int frame) {
        MemorySegment page = machine.cpu.epc().page(space.epcPage(SSA + frame * 0x1000L));
        return new Gprsgx(page.asSlice(Epc.PAGE_SIZE - Gprsgx.SIZE, Gprsgx.SIZE));
    }

    long rip() {
        return registers.get(Register.RIP);
    }

    <E extends SgxEvent> List<E> events(Class<E> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    Optional<SignalInfo> signal(FaultAnswer answer) {
        return answer instanceof FaultAnswer.Deliver deliver ? Optional.of(deliver.signal()) : Optional.empty();
    }

    @Override
    public int pid() {
        return 1;
    }

    @Override
    public int tid() {
        return 2;
    }

    @Override
    public RegisterFile registers() {
        return registers;
    }

    /** The enclave was left for the fixup, which was told of an exception. */
    void assertFixedUp(long vector, long errorCode, long address) {
        assertThat(execution.inside()).isFalse();
        assertThat(rip()).isEqualTo(fixup);
        assertThat(registers.get(Register.RDI)).isEqualTo(vector);
        assertThat(Long.toHexString(registers.get(Register.RSI))).isEqualTo(Long.toHexString(errorCode));
        assertThat(registers.get(Register.RDX)).isEqualTo(address);
        assertThat(registers.get(Register.RAX)).isEqualTo(3);
        assertThat(tcs().state()).isEqualTo(Tcs.INACTIVE);
    }
}
