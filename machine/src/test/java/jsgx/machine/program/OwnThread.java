package jsgx.machine.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Cpuid;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterModel;
import jsgx.driver.DriverOptions;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.machine.SharedEpc;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.EventSink;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SeccompFilter;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.Sgx;
import jsgx.machine.task.Agent;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;

/**
 * A program that is the test itself: its one thread makes system calls as a program does, and they are served or go to the kernel. Nothing is
 * filtered, so that a test makes those calls through {@link #call} that it wants served. The process's pages are at their place, so that one
 * such program at a time can be.
 */
final class OwnThread implements Task, Agent, AutoCloseable {

    static final String ENCLAVE = "/dev/sgx_enclave";
    static final int UNKNOWN_REQUEST = 0xA4FF;

    private static final int PID = Linux.pid();
    static final int SUPERVISOR = (int) Linux.call(SystemCall.GETPPID);

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int RLIMIT_NOFILE = 7;

    private static final AtomicLong NEXT = new AtomicLong(0x3000_0000_0000L);

    private final int tid = Linux.tid();
    private final SharedEpc epc;
    private final RegisterFile registers = new RegisterModel();
    final SgxDriver driver;
    final Program program;
    final ProgramThread thread;
    final Arena arena = Arena.ofConfined();

    /** One with every interface, whose events are nobody's. */
    OwnThread(ProgramOptions options) throws Exception {
        this(EnumSet.allOf(InterfaceKind.class), options, EventSink.NONE);
    }

    /** The options of a run that hides folders from its program. */
    static ProgramOptions hiding(Path... folders) {
        return new ProgramOptions(null, List.of(folders), false, SeccompFilter.Action.TRACE, false);
    }

    OwnThread(Set<InterfaceKind> interfaces, ProgramOptions options, EventSink events) throws Exception {
        long pages = Linux.call(
                SystemCall.MMAP,
                CodeLayout.PROCESS_PAGES,
                CodeLayout.PROCESS_PAGES_SIZE,
                Linux.PROT_READ | Linux.PROT_WRITE,
                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED_NOREPLACE,
                -1,
                0);
        assertThat(pages).isEqualTo(CodeLayout.PROCESS_PAGES);
        Random random = new Random(3);
        epc = SharedEpc.allocate(List.of(1L << 20));
        ProcessorPackage cpu = new ProcessorPackage(
                Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc.epc(), random);
        driver = new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false));
        Sgx sgx = new EmbeddedSgx(
                driver,
                interfaces,
                false,
                false,
                (leaf, subleaf) -> new Cpuid.Registers(0, 0, 0, 0),
                new Vdso(0, 0),
                events);
        program = new Program(sgx, options, events, SUPERVISOR);
        thread = program.start(this, this);
    }

    /** Makes a system call: its result, a negated errno where it failed. */
    long call(long number, long... arguments) {
        long[] all = java.util.Arrays.copyOf(arguments, 6);
        return switch (thread.systemCall(number, all)) {
            case SystemCallAnswer.Proceed() -> Linux.call(number, all);
            case SystemCallAnswer.ProceedThen(var then) -> then.applyAsLong(Linux.call(number, all));
            case SystemCallAnswer.Result(long value) -> value;
            case SystemCallAnswer.Interrupted() -> -Errors.EINTR;
            case SystemCallAnswer.Fault fault -> throw new AssertionError(fault);
            case SystemCallAnswer.Interrupted interrupted -> throw new AssertionError(interrupted);
        };
    }

    /** The address of a path. */
    long path(String path) {
        return arena.allocateFrom(path).address();
    }

    MemorySegment buffer(long size) {
        return arena.allocate(size, 4096);
    }

    /** Ordinary memory where neither the kernel nor the JVM places anything: what is unmapped there stays free. */
    static long memory(long pages) {
        long at = NEXT.getAndAdd(1 << 24);
        long mapped = Linux.call(
                SystemCall.MMAP,
                at,
                pages << 12,
                Linux.PROT_READ | Linux.PROT_WRITE,
                Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED_NOREPLACE,
                -1,
                0);
        assertThat(mapped).isEqualTo(at);
        return at;
    }

    /** A duplicate of a descriptor, at a number so high that the rest of the process, which gets the lowest, has no use for it once it is closed. */
    long apart(long descriptor) {
        MemorySegment limits = buffer(16);
        assertThat(Linux.call(SystemCall.PRLIMIT64, 0, RLIMIT_NOFILE, 0, limits.address()))
                .isZero();
        long above = Math.min(limits.get(ValueLayout.JAVA_LONG, 0), 4096) - 64;
        long duplicate = Linux.call(SystemCall.FCNTL, descriptor, F_DUPFD_CLOEXEC, above);
        assertThat(duplicate).isGreaterThanOrEqualTo(above);
        return duplicate;
    }

    long open(String path, int flags) {
        return call(SystemCall.OPENAT, Linux.AT_FDCWD, path(path), flags, 0600);
    }

    /** A descriptor of the enclave device, open for both. */
    int device() {
        long descriptor = open(ENCLAVE, Linux.O_RDWR);
        assertThat(descriptor).isNotNegative();
        return (int) descriptor;
    }

    static void close(long descriptor) {
        assertThat(Linux.close((int) descriptor)).isZero();
    }

    long mmap(long address, long length, int protection, int flags, long descriptor, long offset) {
        return call(SystemCall.MMAP, address, length, protection, flags, descriptor, offset);
    }

    long mremap(long address, long oldLength, long newLength, int flags, long target) {
        return call(SystemCall.MREMAP, address, oldLength, newLength, flags, target);
    }

    @Override
    public int pid() {
        return PID;
    }

    @Override
    public int tid() {
        return tid;
    }

    @Override
    public RegisterFile registers() {
        return registers;
    }

    @Override
    public long systemCall(long number, long... arguments) {
        return Linux.call(number, arguments);
    }

    @Override
    public void evict(BooleanSupplier left) {
        throw new AssertionError("the thread is in no enclave");
    }

    @Override
    public long[] systemCalls(Call... calls) {
        long[] results = new long[calls.length];
        for (int i = 0; i < calls.length; i++) {
            results[i] = Linux.call(calls[i].number(), calls[i].arguments());
        }
        return results;
    }

    @Override
    public int epcDescriptor() {
        return epc.descriptor();
    }

    @Override
    public boolean isGone() {
        return false;
    }

    @Override
    public void close() {
        thread.exited(0);
        program.close();
        driver.close();
        Linux.call(SystemCall.MUNMAP, CodeLayout.PROCESS_PAGES, CodeLayout.PROCESS_PAGES_SIZE);
        arena.close();
    }
}
