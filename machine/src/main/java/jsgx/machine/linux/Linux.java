package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** System calls in this process. A result is the kernel's: a negated errno where the call failed. */
public final class Linux {

    /** The largest errno: results from its negation up to -1 are failures. */
    private static final int MAX_ERRNO = 4095;

    /** Where the addresses of a process end: 47 bits, but for the last page. */
    public static final long TASK_SIZE = 0x7fff_ffff_f000L;

    public static final int PROT_NONE = 0;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int PROT_EXEC = 4;
    public static final int MAP_SHARED = 1;
    public static final int MAP_PRIVATE = 2;
    public static final int MAP_FIXED = 0x10;
    public static final int MAP_ANONYMOUS = 0x20;
    public static final int MAP_NORESERVE = 0x4000;
    public static final int MAP_FIXED_NOREPLACE = 0x10_0000;

    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_CLOEXEC = 0x8_0000;
    public static final int AT_FDCWD = -100;

    public static final int POLLIN = 1;
    public static final int POLLOUT = 4;
    public static final int POLLHUP = 0x10;

    private static final Path MAX_MAP_COUNT = Path.of("/proc/sys/vm/max_map_count");
    private static final int USUAL_MAX_MAP_COUNT = 65_530;

    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int MFD_EXEC = 0x10;
    private static final long NANOS = 1_000_000_000;

    private static final StructuredErrno ERRNO = new StructuredErrno();
    private static final MethodHandle SYSCALL = function(
            "syscall",
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));
    private static final MethodHandle STRERROR =
            function("strerror", FunctionDescriptor.of(ValueLayout.ADDRESS, JAVA_INT));

    private Linux() {}

    /** A thread's place for errno. */
    private static final class StructuredErrno {

        private final ThreadLocal<MemorySegment> places = ThreadLocal.withInitial(() -> {
            MemoryLayout layout = Linker.Option.captureStateLayout();
            return Arena.ofAuto().allocate(layout);
        });

        MemorySegment place() {
            return places.get();
        }

        static int of(MemorySegment place) {
            return place.get(JAVA_INT, 0);
        }
    }

    @SuppressWarnings("restricted")
    static MethodHandle function(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
    }

    /**
     * A system call of this thread.
     *
     * @param number of {@link SystemCall}
     * @param arguments up to six
     */
    public static long call(long number, long... arguments) {
        return call(
                number,
                argument(arguments, 0),
                argument(arguments, 1),
                argument(arguments, 2),
                argument(arguments, 3),
                argument(arguments, 4),
                argument(arguments, 5));
    }

    private static long argument(long[] arguments, int index) {
        return index < arguments.length ? arguments[index] : 0;
    }

    /** A system call of this thread with all six arguments. */
    public static long call(long number, long a, long b, long c, long d, long e, long f) {
        MemorySegment errno = ERRNO.place();
        long result;
        try {
            result = (long) SYSCALL.invokeExact(errno, number, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw new LinkageError("syscall(2)", t);
        }
        return result == -1 ? -StructuredErrno.of(errno) : result;
    }

    /** Whether a result says that the call failed. */
    public static boolean failed(long result) {
        return result < 0 && result >= -MAX_ERRNO;
    }

    /** The result of a call that succeeded. */
    public static long check(String what, long result) throws LinuxException {
        if (failed(result)) {
            throw new LinuxException(what, (int) -result);
        }
        return result;
    }

    /** What strerror says of an error number. */
    @SuppressWarnings("restricted")
    public static String errorText(int errno) {
        try {
            MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable t) {
            throw new LinkageError("strerror(3)", t);
        }
    }

    public static int pid() {
        return (int) call(SystemCall.GETPID);
    }

    public static int tid() {
        return (int) call(SystemCall.GETTID);
    }

    public static long close(int descriptor) {
        return call(SystemCall.CLOSE, descriptor);
    }

    /** open(2), with the mode 0600 where it makes a file. */
    public static long open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return call(SystemCall.OPENAT, AT_FDCWD, arena.allocateFrom(path).address(), flags, 0600);
        }
    }

    /** A memory file that may also be executed; it is closed by exec. */
    static long memfdCreate(String name) {
        return memfdCreate(name, false);
    }

    /** The same, with seals to come. */
    static long memfdCreate(String name, boolean sealing) {
        int flags = MFD_CLOEXEC | (sealing ? MFD_ALLOW_SEALING : 0);
        try (Arena arena = Arena.ofConfined()) {
            long text = arena.allocateFrom(name).address();
            long result = call(SystemCall.MEMFD_CREATE, text, flags | MFD_EXEC);
            // Kernels before 6.3 do not know MFD_EXEC.
            return result == -Errors.EINVAL ? call(SystemCall.MEMFD_CREATE, text, flags) : result;
        }
    }

    /** How many areas (vm_area_struct) an address space may have. */
    public static int maxMapCount() {
        // The kernel gives the number to the first read alone, so that must not ask for one byte.
        try (BufferedReader reader = Files.newBufferedReader(MAX_MAP_COUNT)) {
            return Integer.parseInt(reader.readLine());
        } catch (IOException | NumberFormatException e) {
            return USUAL_MAX_MAP_COUNT;
        }
    }

    /** A pipe whose ends are closed by exec: the end to read from, and the end to write to. */
    public record Pipe(int read, int write) {}

    public static Pipe pipe() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            check("pipe2", call(SystemCall.PIPE2, ends.address(), O_CLOEXEC));
            return new Pipe(ends.getAtIndex(JAVA_INT, 0), ends.getAtIndex(JAVA_INT, 1));
        }
    }

    /**
     * poll(2) of several descriptors.
     *
     * @param events what to wait for with each; what came is put in its place
     * @param timeoutMillis how long to wait, without end where negative
     * @return how many have something to say; -EINTR where a signal came
     */
    public static long poll(int[] descriptors, short[] events, int timeoutMillis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(JAVA_LONG, descriptors.length);
            for (int i = 0; i < descriptors.length; i++) {
                set.set(JAVA_INT, 8L * i, descriptors[i]);
                set.set(ValueLayout.JAVA_SHORT, 8L * i + 4, events[i]);
            }
            long result = call(SystemCall.POLL, set.address(), descriptors.length, timeoutMillis);
            for (int i = 0; i < descriptors.length; i++) {
                events[i] = set.get(ValueLayout.JAVA_SHORT, 8L * i + 6);
            }
            return result;
        }
    }

    /**
     * Waits while a word of shared memory has a value.
     *
     * @param address of the word in this process
     * @param timeoutNanos how long at most, without end where negative
     * @return 0 after a wake-up, -EAGAIN where the word has another value, -ETIMEDOUT, or -EINTR
     */
    public static long futexWait(long address, int expected, long timeoutNanos) {
        if (timeoutNanos < 0) {
            return call(SystemCall.FUTEX, address, FUTEX_WAIT, expected, 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeout = arena.allocate(JAVA_LONG, 2);
            timeout.setAtIndex(JAVA_LONG, 0, timeoutNanos / NANOS);
            timeout.setAtIndex(JAVA_LONG, 1, timeoutNanos % NANOS);
            return call(SystemCall.FUTEX, address, FUTEX_WAIT, expected, timeout.address());
        }
    }

    /** Wakes threads, of any process, that wait on a word of shared memory; how many it woke. */
    public static long futexWake(long address, int count) {
        return call(SystemCall.FUTEX, address, FUTEX_WAKE, count);
    }

    public static long tgkill(int pid, int tid, int signal) {
        return call(SystemCall.TGKILL, pid, tid, signal);
    }

    public static long kill(int pid, int signal) {
        return call(SystemCall.KILL, pid, signal);
    }

    /** What a symbolic link says, also one of /proc that names no path, each byte a character here and in the path; empty where it cannot be read. */
    public static Optional<String> readLink(String path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(4096);
            long length = call(
                    SystemCall.READLINK,
                    arena.allocateFrom(path, StandardCharsets.ISO_8859_1).address(),
                    buffer.address(),
                    buffer.byteSize() - 1);
            return failed(length) ? Optional.empty() : Optional.of(buffer.getString(0, StandardCharsets.ISO_8859_1));
        }
    }

    /** Closes all descriptors from 3 on when this process executes another program; those to come are the JDK's business. */
    static void closeOnExec() {
        int cloexec = 4;
        call(SystemCall.CLOSE_RANGE, 3, 0xffff_ffffL, cloexec);
    }

    /** A thread of a process that has not ended, its first one where that is such; that one too where there is none. */
    public static int livingThread(int pid) {
        if (startTime(pid).isPresent()) {
            return pid;
        }
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            return threads.map(thread -> Integer.parseInt(thread.getFileName().toString()))
                    .filter(tid -> startTime(tid).isPresent())
                    .findAny()
                    .orElse(pid);
        } catch (IOException | UncheckedIOException e) {
            return pid;
        }
    }

    /** The start time of a process, which with its pid tells it from all others; empty where it is gone or a zombie. */
    public static Optional<String> startTime(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return "ZX".contains(fields[0]) ? Optional.empty() : Optional.of(fields[19]);
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
