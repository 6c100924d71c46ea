package jsgx.machine.enclave;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Enclu;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.RegisterModel;
import jsgx.arch.epc.Epc;
import jsgx.arch.leaf.Aex;
import jsgx.arch.leaf.EnclaveAccess;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EnclaveInfo;
import jsgx.driver.FaultResult;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.sgx.SgxThread;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.StoppedThread;
import org.jspecify.annotations.Nullable;

/**
 * What a thread of the program does with SGX: it executes ENCLU, leaves an enclave where an exception or a signal makes it, and what
 * of its exceptions are not SGX's business are its own. The thread is stopped while a method of this is called; one at a
 * time.
 *
 * <p>A page fault inside an enclave is always an asynchronous exit first, as it is on a processor. What the driver has repaired the
 * thread tries again by the ERESUME at its AEP, which is executed at once where there is one: no other thread then
 * waits for this one to leave the enclave while this one waits for the driver.
 */
public final class EnclaveExecution implements SgxThread {

    /** How many ENCLU a stop serves before the thread shows that it can go on. */
    private static final int ENCLU_AT_A_STOP = 8;

    /** How often in a row an access that all rules allow is tried again before the program gets its signal. */
    private static final int REPAIRS_IN_A_ROW = 64;

    /** How often in a row what looks like a read of a readable page is tried again before it counts as a write. */
    private static final int READS_IN_A_ROW = 3;

    /** About how long a leaf takes. */
    private static final long LEAF_NANOS = 2_000;

    private static final long PAGE = Epc.PAGE_SIZE;
    private static final FaultAnswer RESUME = new FaultAnswer.Resume();

    private final StoppedThread task;
    private final EnclaveSpace space;
    private final LogicalProcessor processor;
    private final Vdso vdso;
    private final CpuidService cpuid;
    private final CpuidSites cpuidSites;
    private final EventSink events;
    private long repairedRip;
    private long repairedAddress;
    private int repairs;

    /** Whether a leaf or an asynchronous exit is under way, none of which waits for anybody. */
    private volatile boolean executing;

    /**
     * A thread outside enclaves.
     *
     * @param processor the thread's own: it gets CPL 3, the address space as its memory and the thread's registers
     * @param cpuidSites those of the address space
     */
    public EnclaveExecution(
            StoppedThread task,
            EnclaveSpace space,
            LogicalProcessor processor,
            Vdso vdso,
            CpuidService cpuid,
            CpuidSites cpuidSites,
            EventSink events) {
        this.task = task;
        this.space = space;
        this.processor = processor;
        this.vdso = vdso;
        this.cpuid = cpuid;
        this.cpuidSites = cpuidSites;
        this.events = events;
        processor.cpl(3);
        processor.memory(space);
    }

    /** The processor on which the thread runs. */
    public LogicalProcessor processor() {
        return processor;
    }

    @Override
    public boolean inside() {
        return processor.enclaveMode() != null;
    }

    @Override
    public @Nullable EnclaveMode mode() {
        // An EENTER that counts in the epoch already has not told yet that the thread is inside.
        while (executing) {
            LockSupport.parkNanos(LEAF_NANOS);
        }
        return processor.enclaveMode();
    }

    @Override
    public FaultAnswer fault(SignalInfo signal) {
        processor.registers(task.registers());
        if (!LinuxSignals.isSynchronous(signal)) {
            leave(0);
            return new FaultAnswer.Deliver(signal);
        }
        EnclaveMode mode = processor.enclaveMode();
        return mode == null ? outside(signal) : inside(mode, signal);
    }

    @Override
    public FaultAnswer systemCallInside(int length) {
        RegisterFile registers = task.registers();
        processor.registers(registers);
        registers.set(Register.RIP, registers.get(Register.RIP) - length);
        return raise(Aex.Event.exception(LinuxSignals.UD));
    }

    @Override
    public void interrupted(int vector) {
        processor.registers(task.registers());
        leave(vector);
    }

    @Override
    public void ended() {
        processor.registers(new RegisterModel());
        leave(0);
    }

    private void leave(int vector) {
        if (inside()) {
            exit(Aex.Event.interrupt(vector));
        }
    }

    private FaultAnswer outside(SignalInfo signal) {
        long rip = register(Register.RIP);
        boolean pageFault = LinuxSignals.isPageFault(signal);
        byte[] code = code(rip);
        if (pageFault && isFetch(rip, signal.address())) {
            return hostAccess(signal, code);
        }
        if (Opcodes.isEnclu(code)) {
            return enclu();
        }
        if ((Opcodes.isCpuid(code) && signal.number() == SignalInfo.SIGSEGV)
                || (Opcodes.isUd2(code) && cpuidSites.contains(rip))) {
            cpuid.execute(processor.registers());
            return RESUME;
        }
        return pageFault ? hostAccess(signal, code) : new FaultAnswer.Deliver(signal);
    }

    /** A page fault of the program itself: where it is in a mapping of a device, the driver may have the page. */
    private FaultAnswer hostAccess(SignalInfo signal, byte[] code) {
        long address = signal.address();
        if (space.mappings().at(address).isEmpty()) {
            return new FaultAnswer.Deliver(signal);
        }
        EnclaveAccess.Kind kind = kind(signal, code);
        return switch (EnclaveAccess.access(processor, address, 1, kind)) {
            case EnclaveAccess.Result.Refused refused -> raise(Aex.Event.of(refused.fault()));
            case EnclaveAccess.Result.Granted granted -> abortPage(signal, kind);
        };
    }

    /** The program accesses a page of an enclave: it reads all ones, which are no instruction. */
    private FaultAnswer abortPage(SignalInfo signal, EnclaveAccess.Kind kind) {
        if (!space.showOnes(signal.address())) {
            return repaired(signal, kind);
        }
        return kind == EnclaveAccess.Kind.FETCH ? raise(Aex.Event.exception(LinuxSignals.UD)) : RESUME;
    }

    private FaultAnswer inside(EnclaveMode mode, SignalInfo signal) {
        long rip = register(Register.RIP);
        if (!mode.inElrange(rip, 1)) {
            // The processor would not have fetched this instruction.
            return raise(Aex.Event.exception(LinuxSignals.GP));
        }
        byte[] code = code(rip);
        boolean pageFault = LinuxSignals.isPageFault(signal);
        boolean fetch = pageFault && isFetch(rip, signal.address());
        if (!fetch && Opcodes.isEnclu(code)) {
            return enclu();
        }
        if (pageFault) {
            return enclaveAccess(signal, code);
        }
        int vector = Opcodes.isIllegalInEnclave(code) ? LinuxSignals.UD : LinuxSignals.vector(signal, code);
        int errorCode = signal.errorCode() == SignalInfo.UNKNOWN || vector != signal.trap() ? 0 : signal.errorCode();
        return raise(Aex.Event.exception(vector, errorCode));
    }

    private FaultAnswer enclaveAccess(SignalInfo signal, byte[] code) {
        EnclaveAccess.Kind kind = kind(signal, code);
        if (space.mappings().at(signal.address()).isEmpty()) {
            // The page table forbids it before the EPCM is asked.
            return raise(Aex.Event.of(Fault.pf(signal.address(), errorCode(signal, kind))));
        }
        EnclaveAccess.Result result = EnclaveAccess.access(processor, signal.address(), 1, kind);
        return switch (result) {
            case EnclaveAccess.Result.Refused refused -> raise(Aex.Event.of(withPresence(refused.fault())));
            case EnclaveAccess.Result.Granted granted -> repaired(signal, kind);
        };
    }

    /** The error code of a page fault where there is no page of a device. */
    private static int errorCode(SignalInfo signal, EnclaveAccess.Kind kind) {
        if (signal.errorCode() != SignalInfo.UNKNOWN) {
            return signal.errorCode();
        }
        return Fault.PF_USER
                | switch (kind) {
                    case READ -> 0;
                    case WRITE -> Fault.PF_WRITE;
                    case FETCH -> Fault.PF_FETCH;
                };
    }

    /** A page that the program's own protection forbids is there all the same, unless it forbids everything. */
    private Fault withPresence(Fault fault) {
        Optional<DeviceMapping> mapping = space.mappings().at(fault.address());
        if (fault.vector() == Fault.Vector.PF
                && (fault.errorCode() & Fault.PF_SGX) != 0
                && space.epcPage(fault.address()) == LinearMemory.UNMAPPED) {
            // Meanwhile the page is being written out: on a processor the page table is what the access meets first.
            return Fault.pf(fault.address(), fault.errorCode() & ~(Fault.PF_SGX | Fault.PF_PRESENT));
        }
        boolean plain = fault.vector() == Fault.Vector.PF && (fault.errorCode() & Fault.PF_SGX) == 0;
        if (!plain || mapping.isEmpty() || !isAccessError(mapping.get(), fault.errorCode() & ~Fault.PF_PRESENT)) {
            return fault;
        }
        int errorCode = mapping.get().protection() == 0
                ? fault.errorCode() & ~Fault.PF_PRESENT
                : fault.errorCode() | Fault.PF_PRESENT;
        return Fault.pf(fault.address(), errorCode);
    }

    /** All rules allow the access: the real protection was not the one that they give. */
    private FaultAnswer repaired(SignalInfo signal, EnclaveAccess.Kind kind) {
        long rip = register(Register.RIP);
        boolean again = rip == repairedRip && signal.address() == repairedAddress;
        repairs = again ? repairs + 1 : 0;
        repairedRip = rip;
        repairedAddress = signal.address();
        if (repairs >= READS_IN_A_ROW
                && kind == EnclaveAccess.Kind.READ
                && EnclaveAccess.access(processor, signal.address(), 1, EnclaveAccess.Kind.WRITE)
                        instanceof EnclaveAccess.Result.Refused refused) {
            // It can be read, and still it faults: what looked like a read is a write.
            return raise(Aex.Event.of(withPresence(refused.fault())));
        }
        if (repairs >= REPAIRS_IN_A_ROW) {
            repairs = 0;
            leave(0);
            return new FaultAnswer.Deliver(signal);
        }
        long page = signal.address() & -PAGE;
        space.refresh(page, page + PAGE);
        return RESUME;
    }

    /** Executes the ENCLU at RIP, and what the kernel and the AEP do where it faults. */
    private FaultAnswer enclu() {
        boolean repaired = false;
        for (int i = 0; i < ENCLU_AT_A_STOP; i++) {
            if (!Opcodes.isEnclu(code(register(Register.RIP)))) {
                return RESUME;
            }
            Outcome outcome = executeEnclu();
            if (outcome instanceof Outcome.Faulted faulted) {
                Optional<FaultAnswer> answer = exception(Aex.Event.of(withPresence(faulted.fault())));
                if (answer.isPresent()) {
                    return answer.get();
                }
                repaired = true;
            } else if (repaired && outcome.leaf() == Leaf.ERESUME) {
                // Back at the ENCLU inside that faulted.
                repaired = false;
            } else {
                return RESUME;
            }
        }
        return RESUME;
    }

    private Outcome executeEnclu() {
        RegisterFile registers = processor.registers();
        // The thread gets on: what it was repaired for before is no loop.
        repairs = 0;
        repairedRip = 0;
        long rbx = registers.get(Register.RBX);
        long rcx = registers.get(Register.RCX);
        long rdx = registers.get(Register.RDX);
        EnclaveMode before = processor.enclaveMode();
        Leaf leaf = Leaf.of(Leaf.Instruction.ENCLU, (int) registers.get(Register.RAX));
        long start = System.nanoTime();
        Outcome outcome = execute(() -> Enclu.execute(processor));
        if (outcome.isSuccess()) {
            switch (leaf) {
                case EENTER, ERESUME -> entered();
                case EEXIT -> left(before);
                case EACCEPT, EACCEPTCOPY, EMODPE -> {
                    long page = rcx & -PAGE;
                    space.refresh(page, page + PAGE);
                }
                default -> {}
            }
        }
        if (events.wants(SgxEvent.Kind.ENCLU)) {
            long tcs = before == null ? rbx : before.tcsLinear();
            events.event(new SgxEvent.Enclu(
                    task.pid(),
                    task.tid(),
                    enclave(tcs),
                    leaf,
                    rbx,
                    rcx,
                    rdx,
                    Told.of(outcome),
                    System.nanoTime() - start));
        }
        return outcome;
    }

    private <T> T execute(Supplier<T> leaf) {
        executing = true;
        try {
            return leaf.get();
        } finally {
            executing = false;
        }
    }

    private void entered() {
        EnclaveMode mode = processor.enclaveMode();
        if (mode != null) {
            space.entered(mode.elrangeBase(), mode.elrangeSize());
        }
    }

    private void left(@Nullable EnclaveMode mode) {
        if (mode != null) {
            space.left(mode.elrangeBase(), mode.elrangeSize());
        }
    }

    /** An exception, and what the thread does next: tries again at once where that is an ENCLU. */
    private FaultAnswer raise(Aex.Event event) {
        return exception(event).orElseGet(this::enclu);
    }

    /**
     * The processor raises an exception: the thread leaves the enclave if it is inside, and the kernel does what it can.
     *
     * @return empty where the kernel repaired what was wrong, and the thread goes on at its RIP
     */
    private Optional<FaultAnswer> exception(Aex.Event event) {
        Aex.Event seen = inside() ? exit(event) : event;
        if (seen.vector() != LinuxSignals.PF) {
            return Optional.of(deliver(seen, LinuxSignals.of(seen, register(Register.RIP))));
        }
        Optional<DeviceMapping> mapping = space.mappings().at(seen.address());
        if (mapping.isEmpty()) {
            boolean mapped = (seen.errorCode() & Fault.PF_PRESENT) != 0;
            return Optional.of(deliver(seen, LinuxSignals.segmentation(seen, mapped)));
        }
        if (isAccessError(mapping.get(), seen.errorCode())) {
            return Optional.of(deliver(seen, LinuxSignals.segmentation(seen, true)));
        }
        boolean write = (seen.errorCode() & Fault.PF_WRITE) != 0;
        FaultResult result = mapping.get().fault(seen.address() & -PAGE, write);
        if (events.wants(SgxEvent.Kind.FAULT)) {
            long enclave = mapping.get().enclave().map(EnclaveInfo::id).orElse(0L);
            events.event(new SgxEvent.PageFault(task.pid(), task.tid(), enclave, seen.address(), write, result.name()));
        }
        return result == FaultResult.NOPAGE ? Optional.empty() : Optional.of(deliver(seen, LinuxSignals.bus(seen)));
    }

    /** Whether the kernel takes a page fault for an error at once (access_error of arch/x86/mm/fault.c). */
    private static boolean isAccessError(DeviceMapping mapping, int errorCode) {
        if ((errorCode & Fault.PF_SGX) != 0) {
            return true;
        }
        if ((errorCode & Fault.PF_WRITE) != 0) {
            return (mapping.protection() & LinearMemory.PROT_WRITE) == 0;
        }
        return (errorCode & Fault.PF_PRESENT) != 0 || mapping.protection() == 0;
    }

    /** A signal, or the fixup of the vDSO where the exception is at its ENCLU (fixup_vdso_exception). */
    private FaultAnswer deliver(Aex.Event event, SignalInfo signal) {
        RegisterFile registers = processor.registers();
        boolean debugging = event.vector() == LinuxSignals.DB || event.vector() == LinuxSignals.BP;
        if (registers.get(Register.RIP) != vdso.enclu() || debugging) {
            return new FaultAnswer.Deliver(signal);
        }
        registers.set(Register.RDI, event.vector());
        registers.set(Register.RSI, event.errorCode());
        registers.set(Register.RDX, event.address());
        registers.set(Register.RIP, vdso.fixup());
        return RESUME;
    }

    private Aex.Event exit(Aex.Event cause) {
        EnclaveMode mode = processor.enclaveMode();
        long tcs = mode == null ? 0 : mode.tcsLinear();
        long rip = register(Register.RIP);
        Aex.Event seen = execute(() -> Aex.run(processor, cause));
        left(mode);
        if (events.wants(SgxEvent.Kind.AEX)) {
            boolean pageFault = cause.kind() == Aex.Event.Kind.EXCEPTION && cause.vector() == LinuxSignals.PF;
            events.event(new SgxEvent.AsynchronousExit(
                    task.pid(),
                    task.tid(),
                    enclave(tcs),
                    Told.of(cause),
                    pageFault ? Told.pageFault(cause.errorCode()) : "",
                    pageFault ? seen.address() : null,
                    rip));
        }
        return seen;
    }

    private EnclaveAccess.Kind kind(SignalInfo signal, byte[] code) {
        if (signal.errorCode() != SignalInfo.UNKNOWN) {
            return (signal.errorCode() & Fault.PF_FETCH) != 0
                    ? EnclaveAccess.Kind.FETCH
                    : (signal.errorCode() & Fault.PF_WRITE) != 0 ? EnclaveAccess.Kind.WRITE : EnclaveAccess.Kind.READ;
        }
        long address = signal.address();
        // The fetch comes first: what the instruction does with memory counts only where the processor got at it.
        if (isFetch(register(Register.RIP), address)
                && (EnclaveAccess.access(processor, address, 1, EnclaveAccess.Kind.FETCH)
                                instanceof EnclaveAccess.Result.Refused
                        || (space.realProtection(address) & LinearMemory.PROT_EXEC) == 0)) {
            return EnclaveAccess.Kind.FETCH;
        }
        return MemoryAccess.at(code, processor.registers(), address).orElse(EnclaveAccess.Kind.READ);
    }

    /** Whether a fault's address is one that fetching the instruction gives: its first byte, or the first of the next page. */
    private static boolean isFetch(long rip, long address) {
        return address == rip
                || ((address & (PAGE - 1)) == 0 && address > rip && address - rip < InstructionDecoder.LONGEST);
    }

    /** What the thread would fetch at an address, as far as it can be read. */
    private byte[] code(long rip) {
        byte[] code = new byte[InstructionDecoder.LONGEST];
        int done = 0;
        while (done < code.length) {
            long address = rip + done;
            int here = (int) Math.min(code.length - done, PAGE - (address & (PAGE - 1)));
            MemorySegment part = MemorySegment.ofArray(code).asSlice(done, here);
            int page = inside() ? space.epcPage(address) : LinearMemory.ORDINARY;
            if (page >= 0) {
                MemorySegment epc = processor.processorPackage().epc().page(page);
                part.copyFrom(epc.asSlice(address & (PAGE - 1), here));
            } else if (space.copyFromUser(address, part) != 0) {
                break;
            }
            done += here;
        }
        return done == code.length
                ? code
                : MemorySegment.ofArray(code).asSlice(0, done).toArray(ValueLayout.JAVA_BYTE);
    }

    private long enclave(long address) {
        return space.mappings()
                .at(address)
                .flatMap(DeviceMapping::enclave)
                .map(EnclaveInfo::id)
                .orElse(0L);
    }

    private long register(Register register) {
        return processor.registers().get(register);
    }
}
