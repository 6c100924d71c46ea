package jsgx.machine.program;

import static jsgx.machine.program.OwnThread.ENCLAVE;
import static jsgx.machine.program.OwnThread.UNKNOWN_REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The rules of system calls on memory where devices are mapped, for a program that is the test itself. */
@Execution(ExecutionMode.SAME_THREAD)
@ResourceLock("the process's pages")
@Timeout(60)
class ServedMemoryCallsTest {

    private static final int SHARED = Linux.MAP_SHARED;
    private static final int FIXED = Linux.MAP_SHARED | Linux.MAP_FIXED;
    private static final int PAGE = 4096;

    private OwnThread own;

    @BeforeEach
    void start() throws Exception {
        own = new OwnThread(OwnThread.hiding());
    }

    @AfterEach
    void end() {
        own.close();
    }

    @Test
    void whatMmapRefuses() {
        int device = own.device();
        assertThat(own.mmap(0, PAGE, 0, Linux.MAP_PRIVATE, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mmap(0, 0, 0, SHARED, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mmap(0, PAGE, 0, SHARED, device, 16)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mmap(0, PAGE, 0, 0, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mmap(0, -1, 0, SHARED, device, 0)).isEqualTo(-Errors.ENOMEM);
        assertThat(own.mmap(1, PAGE, 0, FIXED, device, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mmap(0x7fff_ffff_e000L, 4 * PAGE, 0, FIXED, device, 0)).isEqualTo(-Errors.ENOMEM);
        assertThat(own.mmap(0, PAGE, 0, Flags.MAP_SHARED_VALIDATE | 1 << 25, device, 0))
                .isEqualTo(-Errors.EOPNOTSUPP);
        long place = own.mmap(0, PAGE, 0, SHARED, device, 0);
        assertThat(Linux.failed(place)).isFalse();
        assertThat(own.mmap(place, PAGE, 0, SHARED | Linux.MAP_FIXED_NOREPLACE, device, 0))
                .isEqualTo(-Errors.EEXIST);
        long provision = own.open("/dev/sgx_provision", Linux.O_RDWR);
        assertThat(own.mmap(0, PAGE, 1, SHARED, provision, 0)).isEqualTo(-Errors.ENODEV);
        assertThat(own.call(SystemCall.IOCTL, provision, UNKNOWN_REQUEST, 0)).isEqualTo(-Errors.ENOTTY);
        OwnThread.close(provision);
        long closed = own.apart(device);
        OwnThread.close(device);
        OwnThread.close(closed);
        assertThat(own.mmap(0, PAGE, 0, SHARED, closed, 0)).isEqualTo(-Errors.EBADF);
        assertThat(own.call(SystemCall.MUNMAP, place, PAGE)).isZero();
    }

    /** Sixteen pages of the device with as many of ordinary memory behind them. */
    private long range(int device) {
        long all = OwnThread.memory(32);
        assertThat(own.mmap(all, 16 * PAGE, 0, FIXED, device, 0)).isEqualTo(all);
        return all;
    }

    private boolean isDevice(long address) {
        return own.thread.memory().space().mapping(address).isPresent();
    }

    @Test
    void mprotectOfDevicesAndOtherMemory() {
        int device = own.device();
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
        OwnThread.close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
    }

    @Test
    void mremapOfADevice() {
        int device = own.device();
        long range = range(device);
        int move = Flags.MREMAP_MAYMOVE;
        int fixed = move | Flags.MREMAP_FIXED;
        long target = OwnThread.memory(16);
        assertThat(own.mremap(range, 16 * PAGE, 17 * PAGE, move, 0))
                .as("it cannot grow")
                .isEqualTo(-Errors.EFAULT);
        assertThat(own.mremap(range, 16 * PAGE, 16 * PAGE, 0, 0)).isEqualTo(range);
        assertThat(own.mremap(range, 16 * PAGE, 16 * PAGE, move | Flags.MREMAP_DONTUNMAP, 0))
                .isEqualTo(-Errors.EINVAL);
        assertThat(own.mremap(range, 16 * PAGE, 0, move, 0)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mremap(range, 16 * PAGE, 16 * PAGE, Flags.MREMAP_FIXED, target))
                .isEqualTo(-Errors.EINVAL);
        assertThat(own.mremap(range, 16 * PAGE, 16 * PAGE, fixed, range + PAGE)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mremap(range, 16 * PAGE, 8 * PAGE, 0, 0))
                .as("it can shrink")
                .isEqualTo(range);
        assertThat(isDevice(range + 7 * PAGE)).isTrue();
        assertThat(isDevice(range + 8 * PAGE)).isFalse();
        assertThat(own.mremap(range, 8 * PAGE, 8 * PAGE, fixed, target))
                .as("it can move")
                .isEqualTo(target);
        assertThat(isDevice(range)).isFalse();
        assertThat(isDevice(target + 7 * PAGE)).isTrue();
        assertThat(own.mremap(range + 16 * PAGE, PAGE, PAGE, fixed, target))
                .as("ordinary memory in its place")
                .isEqualTo(target);
        assertThat(isDevice(target)).isFalse();
        assertThat(isDevice(target + PAGE)).isTrue();
        OwnThread.close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
        assertThat(own.call(SystemCall.MUNMAP, target, 16 * PAGE)).isZero();
    }

    @Test
    void madviseOfADevice() {
        int device = own.device();
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
        OwnThread.close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
    }

    @Test
    void whatIsNotTheProgramsCannotBeChanged() {
        long pages = jsgx.machine.code.CodeLayout.PROCESS_PAGES;
        assertThat(own.call(SystemCall.MUNMAP, pages, PAGE)).isEqualTo(-Errors.EINVAL);
        assertThat(own.call(SystemCall.MUNMAP, pages - 64 * PAGE, 128 * PAGE)).isEqualTo(-Errors.EINVAL);
        assertThat(own.call(SystemCall.MPROTECT, pages, PAGE, 7)).isEqualTo(-Errors.EACCES);
        assertThat(own.call(SystemCall.MADVISE, pages, PAGE, 4)).isEqualTo(-Errors.EINVAL);
        assertThat(own.mmap(pages, PAGE, 3, Linux.MAP_PRIVATE | Linux.MAP_ANONYMOUS | Linux.MAP_FIXED, -1, 0))
                .isEqualTo(-Errors.EINVAL);
        assertThat(own.mremap(pages, PAGE, PAGE, Flags.MREMAP_MAYMOVE | Flags.MREMAP_FIXED, 0x1000_0000))
                .isEqualTo(-Errors.EINVAL);
        int device = own.device();
        assertThat(own.mmap(pages, PAGE, 0, FIXED, device, 0)).isEqualTo(-Errors.EINVAL);
        OwnThread.close(device);
    }

    @Test
    void mapsShowTheDeviceAndNothingOfJsgx() throws Exception {
        int device = own.device();
        long range = range(device);
        for (String name : List.of("/proc/self/maps", "/proc/thread-self/maps", "/proc/self/smaps")) {
            long file = own.open(name, Linux.O_RDONLY);
            assertThat(file).as(name).isNotNegative();
            String text = Files.readString(Path.of("/proc/self/fd/" + file), StandardCharsets.ISO_8859_1);
            OwnThread.close(file);
            assertThat(text).contains("%x-%x ---s 00000000 00:05".formatted(range, range + 16 * PAGE));
            assertThat(text.lines().filter(line -> line.endsWith(ENCLAVE))).hasSize(1);
            assertThat(text).doesNotContain("jsgx-epc").doesNotContain("6a7367790000-");
            assertThat(text.lines().filter(line -> line.endsWith("[vdso]"))).hasSize(1);
            assertThat(text.contains("VmFlags: sh mr mw me ms pf io de dd")).isEqualTo(name.endsWith("smaps"));
        }
        OwnThread.close(device);
        assertThat(own.call(SystemCall.MUNMAP, range, 32 * PAGE)).isZero();
    }
}
