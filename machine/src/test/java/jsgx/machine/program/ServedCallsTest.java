package jsgx.machine.program;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jsgx.machine.program.OwnThread.ENCLAVE;
import static jsgx.machine.program.OwnThread.UNKNOWN_REQUEST;
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
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The rules of system calls on the devices' names and descriptors, for a program that is the test itself. */
@Execution(ExecutionMode.SAME_THREAD)
@ResourceLock("the process's pages")
@Timeout(60)
class ServedCallsTest {

    private static final int S_IFMT = 0170000;
    private static final int S_IFCHR = 0020000;
    private static final int SHARED = Linux.MAP_SHARED;
    private static final int PAGE = 4096;

    @TempDir
    Path folder;

    private final List<SgxEvent> events = Collections.synchronizedList(new ArrayList<>());
    private OwnThread own;

    @BeforeEach
    void start() throws Exception {
        own = new OwnThread(EnumSet.allOf(InterfaceKind.class), OwnThread.hiding(), events::add);
    }

    @AfterEach
    void end() {
        own.close();
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
        int descriptor = own.device();
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
        OwnThread.close(descriptor);
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
        own = new OwnThread(EnumSet.of(InterfaceKind.ISGX), OwnThread.hiding(), EventSink.NONE);
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
            OwnThread.close(descriptor);
        }
        long top = own.open("/dev", Flags.O_DIRECTORY);
        long descriptor = own.call(SystemCall.OPENAT, top, own.path("sgx_enclave"), Linux.O_RDWR, 0);
        assertThat(descriptor).isNotNegative();
        OwnThread.close(descriptor);
        OwnThread.close(top);
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
        OwnThread.close(descriptor);
        descriptor = own.device();
        assertThat(Linux.call(SystemCall.FCNTL, descriptor, 1)).isZero();
        assertThat(Linux.call(SystemCall.READ, descriptor, own.buffer(8).address(), 8))
                .as("a read does not wait")
                .isNegative();
        OwnThread.close(descriptor);
        descriptor = own.call(SystemCall.CREAT, own.path(ENCLAVE), 0600);
        assertThat(descriptor).isNotNegative();
        OwnThread.close(descriptor);
        MemorySegment how = own.buffer(24);
        how.set(JAVA_LONG, 0, Linux.O_RDWR);
        descriptor = own.call(SystemCall.OPENAT2, Linux.AT_FDCWD, own.path(ENCLAVE), how.address(), 24);
        assertThat(descriptor).isNotNegative();
        OwnThread.close(descriptor);
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
        OwnThread.close(opened);
        OwnThread.close(descriptor);
    }

    @Test
    void aDescriptorsLinkNamesTheDevice() {
        int descriptor = own.device();
        MemorySegment text = own.buffer(64);
        long length =
                own.call(SystemCall.READLINK, own.path("/proc/self/fd/" + descriptor), text.address(), text.byteSize());
        assertThat(new String(text.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.US_ASCII))
                .isEqualTo(ENCLAVE);
        assertThat(own.call(SystemCall.READLINK, own.path("/proc/self/fd/" + descriptor), text.address(), 4))
                .isEqualTo(4);
        assertThat(own.call(SystemCall.READLINK, own.path(ENCLAVE), text.address(), 64))
                .isEqualTo(-Errors.EINVAL);
        OwnThread.close(descriptor);
    }

    @Test
    void ioctlIsTheDevices() throws Exception {
        int descriptor = own.device();
        long other = own.apart(descriptor);
        assertThat(own.call(SystemCall.IOCTL, other, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.ENOTTY);
        OwnThread.close(descriptor);
        assertThat(own.call(SystemCall.IOCTL, other, UNKNOWN_REQUEST, 0))
                .as("the duplicate keeps it open")
                .isEqualTo(-Errors.ENOTTY);
        assertThat(own.call(SystemCall.IOCTL, other, 0x4008A400, 8)).isEqualTo(-Errors.EFAULT);
        OwnThread.close(other);
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
        OwnThread.close(descriptor);
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
    void whoeverOpensIsCharged() {
        assertThat(own.thread.process().workload().name()).startsWith("uid:");
    }
}
