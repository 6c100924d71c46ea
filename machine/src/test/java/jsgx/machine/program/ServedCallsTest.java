package jsgx.machine.program;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import jsgx.driver.InterfaceKind;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SeccompFilter;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The rules of each system call that is served, for a program that is the test itself. */
@Execution(ExecutionMode.SAME_THREAD)
@ResourceLock("the process's pages")
@Timeout(60)
class ServedCallsTest {

    private static final String ENCLAVE = "/dev/sgx_enclave";
    private static final int S_IFMT = 0170000;
    private static final int S_IFCHR = 0020000;
    private static final int SHARED = Linux.MAP_SHARED;
    private static final int FIXED = Linux.MAP_SHARED | Linux.MAP_FIXED;
    private static final int UNKNOWN_REQUEST = 0xA4FF;
    private static final int PAGE = 4096;

    @TempDir
    Path folder;

    private final List<SgxEvent> events = Collections.synchronizedList(new ArrayList<>());
    private OwnThread own;

    @BeforeEach
    void start() throws Exception {
        own = new OwnThread(EnumSet.allOf(InterfaceKind.class), options(), events());
    }

    private ProgramOptions options() throws Exception {
        Files.createDirectories(folder.resolve("hidden/below"));
        return new ProgramOptions(null, List.of(folder.resolve("hidden")), false, SeccompFilter.Action.TRACE, false);
    }

    private EventSink events() {
        return events::add;
    }

    @AfterEach
    void end() {
        own.close();
    }

    private int device() {
        long descriptor = own.open(ENCLAVE, Linux.O_RDWR);
        assertThat(descriptor).isNotNegative();
        return (int) descriptor;
    }

    private static void close(long descriptor) {
        assertThat(Linux.close((int) descriptor)).isZero();
    }

    private int mode(long result, MemorySegment stat) {
        assertThat(result).isZero();
        return stat.get(JAVA_INT, 24);
    }

    @Test
    void aDeviceIsACharacterDevice() {
        MemorySegment stat = own.buffer(144);
        int mode = mode(own.call(SystemCall.STAT, own.path(ENCLAVE), stat.address()), stat);
        assertThat(mode & S_IFMT).isEqualTo(S_IFCHR);
        assertThat(mode & 07777).isEqualTo(0666);
        long rdev = stat.get(JAVA_LONG, 40);
        assertThat(rdev >>> 8).isEqualTo(10);

        assertThat(mode(own.call(SystemCall.LSTAT, own.path(ENCLAVE), stat.address()), stat))
                .isEqualTo(mode);
        stat.fill((byte) 0);
        assertThat(mode(own.call(SystemCall.NEWFSTATAT, Linux.AT_FDCWD, own.path(ENCLAVE), stat.address(), 0), stat))
                .isEqualTo(mode);
        int descriptor = device();
        stat.fill((byte) 0);
        assertThat(mode(own.call(SystemCall.FSTAT, descriptor, stat.address()), stat))
                .isEqualTo(mode);
        assertThat(stat.get(JAVA_LONG, 40)).isEqualTo(rdev);
        MemorySegment statx = own.buffer(256);
        assertThat(own.call(SystemCall.STATX, descriptor, own.path(""), Flags.AT_EMPTY_PATH, 0x7ff, statx.address()))
                .isZero();
        assertThat(statx.get(java.lang.foreign.ValueLayout.JAVA_SHORT, 28) & 0xffff)
                .isEqualTo(mode);
        assertThat(statx.get(JAVA_INT, 128)).isEqualTo(10);
        assertThat(own.call(SystemCall.STAT, own.path(ENCLAVE), 8)).isEqualTo(-Errors.EFAULT);
        close(descriptor);
    }

    @Test
    void devicesDifferAndThoseThatAreNotThereAreNot() throws Exception {
        MemorySegment stat = own.buffer(144);
        List<Long> numbers = new ArrayList<>();
        for (String path : List.of("/dev/sgx_enclave", "/dev/sgx_provision", "/dev/isgx")) {
            assertThat(own.call(SystemCall.STAT, own.path(path), stat.address()))
                    .as(path)
                    .isZero();
            numbers.add(stat.get(JAVA_LONG, 40));
        }
        assertThat(numbers).doesNotHaveDuplicates();
        assertThat(own.open("/dev/sgx", Linux.O_RDWR))
                .as("v5 has no device without a launch enclave")
                .isEqualTo(-Errors.ENOENT);
        own.close();
        own = new OwnThread(EnumSet.of(InterfaceKind.ISGX), options(), events());
        assertThat(own.open("/dev/isgx", Linux.O_RDWR)).isNotNegative();
        assertThat(own.open("/dev/sgx_vepc", Linux.O_RDWR)).isEqualTo(-Errors.ENOENT);
    }

    @Test
    void accessOfADevice() {
        assertThat(own.call(SystemCall.ACCESS, own.path(ENCLAVE), 6)).isZero();
        assertThat(own.call(SystemCall.ACCESS, own.path(ENCLAVE), 1)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.ACCESS, own.path(ENCLAVE), 8)).isNegative();
        assertThat(own.call(SystemCall.FACCESSAT, Linux.AT_FDCWD, own.path(ENCLAVE), 0))
                .isZero();
        assertThat(own.call(SystemCall.FACCESSAT2, Linux.AT_FDCWD, own.path(ENCLAVE), 0, 0))
                .isZero();
        assertThat(own.call(SystemCall.ACCESS, own.path(ENCLAVE + "/"), 0)).isEqualTo(-Errors.ENOTDIR);
        assertThat(own.call(SystemCall.ACCESS, own.path(ENCLAVE + "/x"), 0)).isEqualTo(-Errors.ENOTDIR);
        assertThat(own.call(SystemCall.ACCESS, own.path(ENCLAVE + "x"), 0)).isEqualTo(-Errors.ENOENT);
        assertThat(own.call(SystemCall.ACCESS, own.path("/dev/null"), 0)).isZero();
        assertThat(own.call(SystemCall.ACCESS, 8, 0)).isEqualTo(-Errors.EFAULT);
    }

    @Test
    void everyWayToNameADeviceLeadsToIt() throws Exception {
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, Path.of(ENCLAVE));
        Path dev = folder.resolve("dev");
        Files.createSymbolicLink(dev, Path.of("/dev"));
        Path relative = folder.resolve("relative");
        Files.createSymbolicLink(relative, Path.of("dev/../dev/./sgx_enclave"));
        for (String path : List.of(
                "//dev//sgx_enclave",
                "/dev/../dev/./sgx_enclave",
                "/proc/self/root/dev/sgx_enclave",
                "/proc/thread-self/root/dev/sgx_enclave",
                link.toString(),
                relative.toString(),
                dev + "/sgx_enclave")) {
            long descriptor = own.open(path, Linux.O_RDWR);
            assertThat(descriptor).as(path).isNotNegative();
            assertThat(own.call(SystemCall.IOCTL, descriptor, UNKNOWN_REQUEST, 0))
                    .isEqualTo(-Errors.ENOTTY);
            close(descriptor);
        }
        long top = own.open("/dev", Flags.O_DIRECTORY);
        long descriptor = own.call(SystemCall.OPENAT, top, own.path("sgx_enclave"), Linux.O_RDWR, 0);
        assertThat(descriptor).isNotNegative();
        close(descriptor);
        close(top);
        assertThat(own.open(link.toString(), Linux.O_RDWR | Flags.O_NOFOLLOW)).isEqualTo(-Errors.ELOOP);
        Path loop = folder.resolve("sgx_loop");
        Files.createSymbolicLink(loop, loop);
        assertThat(own.open(loop.toString(), Linux.O_RDWR)).isEqualTo(-Errors.ELOOP);
    }

    @Test
    void theFlagsOfAnOpen() {
        assertThat(own.open(ENCLAVE, Linux.O_RDWR | Flags.O_CREAT | Flags.O_EXCL))
                .isEqualTo(-Errors.EEXIST);
        assertThat(own.open(ENCLAVE, Linux.O_RDWR | Flags.O_DIRECTORY)).isEqualTo(-Errors.ENOTDIR);
        assertThat(own.open(ENCLAVE + "/x", Linux.O_RDWR)).isEqualTo(-Errors.ENOTDIR);
        long descriptor = own.open(ENCLAVE, Linux.O_RDWR | Flags.O_CREAT | Flags.O_TRUNC | Linux.O_CLOEXEC);
        assertThat(descriptor).isNotNegative();
        assertThat(Linux.call(SystemCall.FCNTL, descriptor, 1)).as("FD_CLOEXEC").isEqualTo(1);
        close(descriptor);
        descriptor = device();
        assertThat(Linux.call(SystemCall.FCNTL, descriptor, 1)).isZero();
        assertThat(Linux.call(SystemCall.READ, descriptor, own.buffer(8).address(), 8))
                .as("a read does not wait")
                .isNegative();
        close(descriptor);
        descriptor = own.call(SystemCall.CREAT, own.path(ENCLAVE), 0600);
        assertThat(descriptor).isNotNegative();
        close(descriptor);
        MemorySegment how = own.buffer(24);
        how.set(JAVA_LONG, 0, Linux.O_RDWR);
        descriptor = own.call(SystemCall.OPENAT2, Linux.AT_FDCWD, own.path(ENCLAVE), how.address(), 24);
        assertThat(descriptor).isNotNegative();
        close(descriptor);
    }

    @Test
    void aDescriptorForPathsAlone() {
        long descriptor = own.open(ENCLAVE, Flags.O_PATH | Linux.O_CLOEXEC);
        assertThat(descriptor).isNotNegative();
        MemorySegment stat = own.buffer(144);
        assertThat(mode(own.call(SystemCall.FSTAT, descriptor, stat.address()), stat) & S_IFMT)
                .isEqualTo(S_IFCHR);
        assertThat(own.call(SystemCall.IOCTL, descriptor, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.EBADF);
        long opened = own.open("/proc/self/fd/" + descriptor, Linux.O_RDWR);
        assertThat(own.call(SystemCall.IOCTL, opened, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.ENOTTY);
        close(opened);
        close(descriptor);
    }

    @Test
    void aDescriptorsLinkNamesTheDevice() {
        int descriptor = device();
        MemorySegment text = own.buffer(64);
        long length =
                own.call(SystemCall.READLINK, own.path("/proc/self/fd/" + descriptor), text.address(), text.byteSize());
        assertThat(new String(text.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.US_ASCII))
                .isEqualTo(ENCLAVE);
        assertThat(own.call(SystemCall.READLINK, own.path("/proc/self/fd/" + descriptor), text.address(), 4))
                .isEqualTo(4);
        assertThat(own.call(SystemCall.READLINK, own.path(ENCLAVE), text.address(), 64))
                .isEqualTo(-Errors.EINVAL);
        close(descriptor);
    }

    @Test
    void ioctlIsTheDevices() throws Exception {
        int descriptor = device();
        long other = own.apart(descriptor);
        assertThat(own.call(SystemCall.IOCTL, other, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.ENOTTY);
        close(descriptor);
        assertThat(own.call(SystemCall.IOCTL, other, UNKNOWN_REQUEST, 0))
                .as("the duplicate keeps it open")
                .isEqualTo(-Errors.ENOTTY);
        assertThat(own.call(SystemCall.IOCTL, other, 0x4008A400, 8)).isEqualTo(-Errors.EFAULT);
        close(other);
        assertThat(own.call(SystemCall.IOCTL, other, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.EBADF);
        awaitRelease();
        assertThat(events.stream().filter(event -> event instanceof SgxEvent.Ioctl))
                .hasSize(3);
    }

    @Test
    void aReaderIsSeenLeavingToo() throws Exception {
        long descriptor = own.open(ENCLAVE, Linux.O_RDONLY);
        assertThat(descriptor).isNotNegative();
        assertThat(own.call(SystemCall.IOCTL, descriptor, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.ENOTTY);
        assertThat(own.call(SystemCall.MMAP, 0, PAGE, Linux.PROT_WRITE, SHARED, descriptor, 0))
                .isEqualTo(-Errors.EACCES);
        close(descriptor);
        awaitRelease();
    }

    /** Waits for the end of a device, which a process that another test forks has too until it executes its program. */
    private void awaitRelease() throws InterruptedException {
        while (events.stream().noneMatch(event -> event instanceof SgxEvent.Released)) {
            Thread.sleep(1);
            own.program.devices().reap();
        }
        assertThat(events.stream().filter(event -> event instanceof SgxEvent.Released))
                .hasSize(1);
    }

    @Test
    void whatMmapRefuses() {
        int device = device();
        assertThat(mmap(0, PAGE, 0, Linux.MAP_PRIVATE, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(mmap(0, 0, 0, SHARED, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(mmap(0, PAGE, 0, SHARED, device, 16)).isEqualTo(-Errors.EINVAL);
        assertThat(mmap(0, PAGE, 0, 0, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(mmap(0, -1, 0, SHARED, device, 0)).isEqualTo(-Errors.ENOMEM);
        assertThat(mmap(1, PAGE, 0, FIXED, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(mmap(0x7fff_ffff_e000L, 4 * PAGE, 0, FIXED, device, 0)).isEqualTo(-Errors.ENOMEM);
        assertThat(mmap(0, PAGE, 0, Flags.MAP_SHARED_VALIDATE | 1 << 25, device, 0))
                .isEqualTo(-Errors.EOPNOTSUPP);
        long place = mmap(0, PAGE, 0, SHARED, device, 0);
        assertThat(Linux.failed(place)).isFalse();
        assertThat(mmap(place, PAGE, 0, SHARED | Linux.MAP_FIXED_NOREPLACE, device, 0))
                .isEqualTo(-Errors.EEXIST);
        long provision = own.open("/dev/sgx_provision", Linux.O_RDWR);
        assertThat(mmap(0, PAGE, 1, SHARED, provision, 0)).isEqualTo(-Errors.ENODEV);
        assertThat(own.call(SystemCall.IOCTL, provision, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.ENOTTY);
        close(provision);
        long closed = own.apart(device);
        close(device);
        close(closed);
        assertThat(mmap(0, PAGE, 0, SHARED, closed, 0)).isEqualTo(-Errors.EBADF);
        assertThat(own.call(SystemCall.MUNMAP, place, PAGE)).isZero();
    }

    private long mmap(long address, long length, int protection, int flags, long descriptor, long offset) {
        return own.call(SystemCall.MMAP, address, length, protection, flags, descriptor, offset);
    }

    /** Sixteen pages of the device with as many of ordinary memory behind them. */
    private long range(int device) {
        long all = OwnThread.memory(32);
        assertThat(mmap(all, 16 * PAGE, 0, FIXED, device, 0)).isEqualTo(all);
        return all;
    }

    private boolean isDevice(long address) {
        return own.thread.memory().space().mapping(address).isPresent();
    }

    @Test
    void mprotectOfDevicesAndOtherMemory() {
        int device = device();
        long range = range(device);
        assertThat(own.call(SystemCall.MPROTECT, range + 1, PAGE, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(own.call(SystemCall.MPROTECT, range, 0, 3)).isZero();
        assertThat(own.call(SystemCall.MPROTECT, range, PAGE, 1 << 9)).isEqualTo(-Errors.EINVAL);
        assertThat(own.call(SystemCall.MPROTECT, range + 15 * PAGE, 2 * PAGE, 1))
                .isZero();
        assertThat(own.thread
                        .memory()
                        .space()
                        .mapping(range + 15 * PAGE)
                        .orElseThrow()
                        .protection())
                .isEqualTo(1);
        assertThat(Linux.call(SystemCall.READ, 0, range + 16 * PAGE, 0)).isZero();
        assertThat(own.call(SystemCall.MUNMAP, range + 20 * PAGE, PAGE)).isZero();
        assertThat(own.call(SystemCall.MPROTECT, range, 32 * PAGE, 0)).isEqualTo(-Errors.ENOMEM);
        close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
    }

    @Test
    void mremapOfADevice() {
        int device = device();
        long range = range(device);
        int move = Flags.MREMAP_MAYMOVE;
        int fixed = move | Flags.MREMAP_FIXED;
        long target = OwnThread.memory(16);
        assertThat(mremap(range, 16 * PAGE, 17 * PAGE, move, 0))
                .as("it cannot grow")
                .isEqualTo(-Errors.EFAULT);
        assertThat(mremap(range, 16 * PAGE, 16 * PAGE, 0, 0)).isEqualTo(range);
        assertThat(mremap(range, 16 * PAGE, 16 * PAGE, move | Flags.MREMAP_DONTUNMAP, 0))
                .isEqualTo(-Errors.EINVAL);
        assertThat(mremap(range, 16 * PAGE, 0, move, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(mremap(range, 16 * PAGE, 16 * PAGE, Flags.MREMAP_FIXED, target))
                .isEqualTo(-Errors.EINVAL);
        assertThat(mremap(range, 16 * PAGE, 16 * PAGE, fixed, range + PAGE)).isEqualTo(-Errors.EINVAL);
        assertThat(mremap(range, 16 * PAGE, 8 * PAGE, 0, 0)).as("it can shrink").isEqualTo(range);
        assertThat(isDevice(range + 7 * PAGE)).isTrue();
        assertThat(isDevice(range + 8 * PAGE)).isFalse();
        assertThat(mremap(range, 8 * PAGE, 8 * PAGE, fixed, target))
                .as("it can move")
                .isEqualTo(target);
        assertThat(isDevice(range)).isFalse();
        assertThat(isDevice(target + 7 * PAGE)).isTrue();
        assertThat(mremap(range + 16 * PAGE, PAGE, PAGE, fixed, target))
                .as("ordinary memory in its place")
                .isEqualTo(target);
        assertThat(isDevice(target)).isFalse();
        assertThat(isDevice(target + PAGE)).isTrue();
        close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
        assertThat(own.call(SystemCall.MUNMAP, target, 16 * PAGE)).isZero();
    }

    private long mremap(long address, long oldLength, long newLength, int flags, long target) {
        return own.call(SystemCall.MREMAP, address, oldLength, newLength, flags, target);
    }

    @Test
    void madviseOfADevice() {
        int device = device();
        long range = range(device);
        for (int advice : new int[] {4, 8, 11, 17, 18, 20, 21, 22, 23, 24, 25, 999, -1}) {
            assertThat(own.call(SystemCall.MADVISE, range, PAGE, advice))
                    .as("%d", advice)
                    .isEqualTo(-Errors.EINVAL);
        }
        for (int advice : new int[] {0, 1, 2, 3, 10, 12, 13, 14, 15, 16, 19}) {
            assertThat(own.call(SystemCall.MADVISE, range, PAGE, advice))
                    .as("%d", advice)
                    .isZero();
        }
        assertThat(own.call(SystemCall.MADVISE, range, PAGE, 9)).isEqualTo(-Errors.ENODEV);
        assertThat(own.call(SystemCall.MADVISE, range + 15 * PAGE, 2 * PAGE, 14))
                .isZero();
        close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
    }

    @Test
    void whatIsNotTheProgramsCannotBeChanged() {
        long pages = jsgx.machine.code.CodeLayout.PROCESS_PAGES;
        assertThat(own.call(SystemCall.MUNMAP, pages, PAGE)).isEqualTo(-Errors.EINVAL);
        assertThat(own.call(SystemCall.MUNMAP, pages - 64 * PAGE, 128 * PAGE)).isEqualTo(-Errors.EINVAL);
        assertThat(own.call(SystemCall.MPROTECT, pages, PAGE, 7)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.MADVISE, pages, PAGE, 4)).isEqualTo(-Errors.EINVAL);
        assertThat(mmap(pages, PAGE, 3, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED, -1, 0))
                .isEqualTo(-Errors.EINVAL);
        assertThat(mremap(pages, PAGE, PAGE, Flags.MREMAP_MAYMOVE | Flags.MREMAP_FIXED, 0x1000_0000))
                .isEqualTo(-Errors.EINVAL);
        int device = device();
        assertThat(mmap(pages, PAGE, 0, FIXED, device, 0)).isEqualTo(-Errors.EINVAL);
        close(device);
    }

    @Test
    void mapsShowTheDeviceAndNothingOfJsgx() throws Exception {
        int device = device();
        long range = range(device);
        for (String name : List.of("/proc/self/maps", "/proc/thread-self/maps", "/proc/self/smaps")) {
            long file = own.open(name, Linux.O_RDONLY);
            assertThat(file).as(name).isNotNegative();
            String text = Files.readString(Path.of("/proc/self/fd/" + file), StandardCharsets.ISO_8859_1);
            close(file);
            assertThat(text).contains("%x-%x ---s 00000000 00:05".formatted(range, range + 16 * PAGE));
            assertThat(text.lines().filter(line -> line.endsWith(ENCLAVE))).hasSize(1);
            assertThat(text).doesNotContain("jsgx-epc").doesNotContain("6a7367790000-");
            assertThat(text.lines().filter(line -> line.endsWith("[vdso]"))).hasSize(1);
            assertThat(text.contains("VmFlags: sh mr mw me ms pf io de dd")).isEqualTo(name.endsWith("smaps"));
        }
        close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
    }

    @Test
    void hiddenFoldersAreOutOfReach() throws Exception {
        Path hidden = folder.resolve("hidden");
        Path key = hidden.resolve("below/key");
        Files.writeString(key, "secret");
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, key);
        Path around = folder.resolve("around");
        Files.createSymbolicLink(around, hidden);
        for (String path : List.of(
                hidden.toString(),
                key.toString(),
                link.toString(),
                around + "/below/key",
                folder + "/hidden/../hidden/below/key",
                "/proc/self/root" + key)) {
            assertThat(own.open(path, Linux.O_RDONLY)).as(path).isEqualTo(-Errors.EACCES);
            assertThat(own.open(path, Flags.O_PATH)).as(path).isEqualTo(-Errors.EACCES);
        }
        long place = own.path(folder.resolve("elsewhere").toString());
        assertThat(own.call(SystemCall.RENAME, own.path(key.toString()), place)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.LINK, own.path(key.toString()), place)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.UNLINK, own.path(key.toString()))).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.TRUNCATE, own.path(link.toString()), 0)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.EXECVE, own.path(key.toString()), 0, 0)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.MOUNT, own.path(folder.toString()), place, 0, 4096, 0))
                .isEqualTo(-Errors.EACCES);
        assertThat(own.open(key + ".new", Linux.O_WRONLY | Flags.O_CREAT)).isEqualTo(-Errors.EACCES);
        assertThat(own.open(key.toString(), Linux.O_WRONLY | Flags.O_TRUNC)).isEqualTo(-Errors.EACCES);
        assertThat(Files.readString(key)).isEqualTo("secret");

        Files.writeString(folder.resolve("hidden-not"), "public");
        long descriptor = own.open(folder.resolve("hidden-not").toString(), Linux.O_RDONLY);
        assertThat(descriptor).isNotNegative();
        close(descriptor);
    }

    @Test
    void aNameThatChangesBehindTheLookIsJudgedByWhereItLed() throws Exception {
        Path key = folder.resolve("hidden/key");
        Files.writeString(key, "secret");
        Path harmless = folder.resolve("harmless");
        Files.writeString(harmless, "public");
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, harmless);
        long[] arguments = {Linux.AT_FDCWD, own.path(link.toString()), Linux.O_RDONLY, 0, 0, 0};
        var answer = own.thread.systemCall(SystemCall.OPENAT, arguments);
        assertThat(answer).isInstanceOf(jsgx.machine.task.SystemCallAnswer.ProceedThen.class);
        Files.delete(link);
        Files.createSymbolicLink(link, key);
        long opened = Linux.call(SystemCall.OPENAT, arguments);
        assertThat(opened).isNotNegative();
        long descriptor = own.apart(opened);
        close(opened);
        var then = ((jsgx.machine.task.SystemCallAnswer.ProceedThen) answer).then();
        assertThat(then.applyAsLong(descriptor)).isEqualTo(-Errors.EACCES);
        assertThat(Files.exists(Path.of("/proc/self/fd/" + descriptor))).isFalse();
    }

    @Test
    void theSupervisorIsOutOfReach() {
        int supervisor = OwnThread.SUPERVISOR;
        for (String name : List.of("environ", "fd/1", "root/etc/passwd", "cwd", "task/" + supervisor + "/environ")) {
            String path = "/proc/" + supervisor + "/" + name;
            assertThat(own.open(path, Linux.O_RDONLY)).as(path).isEqualTo(-Errors.EACCES);
        }
        long stat = own.open("/proc/" + supervisor + "/stat", Linux.O_RDONLY);
        assertThat(stat).isNotNegative();
        close(stat);
        assertThat(own.call(SystemCall.PTRACE, 16, supervisor, 0, 0)).isEqualTo(-Errors.EPERM);
        assertThat(own.call(SystemCall.PROCESS_VM_READV, supervisor, 0, 0, 0, 0, 0))
                .isEqualTo(-Errors.EPERM);
        long pidfd = Linux.call(SystemCall.PIDFD_OPEN, supervisor, 0);
        assertThat(own.call(SystemCall.PIDFD_GETFD, pidfd, 0, 0)).isEqualTo(-Errors.EPERM);
        close(pidfd);
        long memory = own.open("/proc/self/fd/" + own.epcDescriptor(), Linux.O_RDONLY);
        assertThat(memory).as("the EPC").isEqualTo(-Errors.EACCES);
    }

    @Test
    void whoeverOpensIsCharged() {
        assertThat(own.thread.process().workload().name()).startsWith("uid:");
    }
}
