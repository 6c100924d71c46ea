package jsgx.machine.program;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import jsgx.driver.Errno;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.SgxMapping;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;

/**
 * mmap, munmap, mprotect, mremap and madvise, where they concern mappings of devices, with the checks that the kernel makes before it asks a driver, in its order. Calls that
 * concern other memory alone the kernel executes itself. What jsgx has in the address space cannot be changed: such a call finds its addresses
 * invalid.
 */
final class MemoryCalls {

    private static final int PROT_SEM = 8;
    private static final int PROT_MASK = Linux.PROT_READ | Linux.PROT_WRITE | Linux.PROT_EXEC | PROT_SEM;

    private final ProgramThread thread;
    private final Task task;
    private final ThreadFiles files;

    MemoryCalls(ProgramThread thread, ThreadFiles files) {
        this.thread = thread;
        this.task = thread.task();
        this.files = files;
    }

    private SgxSpace space() {
        return thread.memory().space();
    }

    SystemCallAnswer mmap(long[] a) {
        long address = a[0];
        long length = a[1];
        int flags = (int) a[3];
        if ((flags & Linux.MAP_ANONYMOUS) == 0) {
            Optional<OpenDevices.Open> open = files.open(a[4]);
            if (open.isPresent()) {
                long result = device(open.get(), address, length, (int) a[2], flags, a[5]);
                tell("mmap", Linux.failed(result) ? address : result, length, (int) a[2], result);
                return new SystemCallAnswer.Result(result);
            }
            if (isPatched((int) a[2], flags)) {
                return patched(a);
            }
        }
        if ((flags & Linux.MAP_FIXED) == 0 || (flags & Linux.MAP_FIXED_NOREPLACE) != 0) {
            return SystemCalls.PROCEED;
        }
        return fixed(a);
    }

    private boolean isPatched(int protection, int flags) {
        return thread.program().cpuid().isOn()
                && (protection & Linux.PROT_EXEC) != 0
                && (flags & Flags.MAP_TYPE) == Linux.MAP_PRIVATE;
    }

    /** mmap of a program's code. */
    private SystemCallAnswer patched(long[] a) {
        Path file = Path.of("/proc/" + task.tid() + "/fd/" + (int) a[4]);
        LongUnaryOperator then = result -> {
            if (!Linux.failed(result)) {
                thread.program().cpuid().mapped(thread.memory(), file, result, Flags.roundUp(a[1]), a[5]);
            }
            return result;
        };
        if (((int) a[3] & Linux.MAP_FIXED) == 0) {
            return new SystemCallAnswer.ProceedThen(then);
        }
        return switch (fixed(a)) {
            case SystemCallAnswer.Result(long value) -> new SystemCallAnswer.Result(then.applyAsLong(value));
            case SystemCallAnswer.Proceed proceed -> new SystemCallAnswer.ProceedThen(then);
            case SystemCallAnswer other -> other;
        };
    }

    private SystemCallAnswer fixed(long[] a) {
        return replacing(a[0], a[0] + Flags.roundUp(a[1]), () -> task.systemCall(SystemCall.MMAP, a));
    }

    private long device(OpenDevices.Open open, long address, long length, int protection, int flags, long offset) {
        if ((offset & (Flags.PAGE - 1)) != 0 || length == 0) {
            return -Errors.EINVAL;
        }
        if (Long.compareUnsigned(length, Linux.TASK_SIZE) > 0) {
            return -Errors.ENOMEM;
        }
        int type = flags & Flags.MAP_TYPE;
        boolean fixed = (flags & (Linux.MAP_FIXED | Linux.MAP_FIXED_NOREPLACE)) != 0;
        if (fixed && isReserved(address, address + Flags.roundUp(length))) {
            return -Errors.EINVAL;
        }
        // get_unmapped_area of the driver is asked first, and refuses private mappings.
        if (type == Flags.MAP_SHARED_VALIDATE && (flags & ~(Flags.MAP_LEGACY | Linux.MAP_FIXED_NOREPLACE)) != 0) {
            return -Errors.EOPNOTSUPP;
        }
        if (type == 0 || type > Flags.MAP_SHARED_VALIDATE) {
            return -Errors.EINVAL;
        }
        boolean writes = type != Linux.MAP_PRIVATE && (protection & Linux.PROT_WRITE) != 0;
        if (type != Linux.MAP_PRIVATE
                && ((writes && open.access() == Linux.O_RDONLY) || open.access() == Linux.O_WRONLY)) {
            return -Errors.EACCES;
        }
        return Errno.toUserSpace(
                open.calling(() -> space().mmap(open.file(), address, length, protection, flags, offset)));
    }

    SystemCallAnswer munmap(long address, long length) {
        long end = address + Flags.roundUp(length);
        if (isOdd(address, length)) {
            return SystemCalls.PROCEED;
        }
        boolean device = concernsDevice(address, end);
        SystemCallAnswer answer = replacing(
                address, end, () -> thread.memory().agent().systemCall(SystemCall.MUNMAP, address, end - address));
        if (device && answer instanceof SystemCallAnswer.Result(long result)) {
            tell("munmap", address, length, 0, result);
        }
        return answer;
    }

    /** A call that leaves nothing of what was mapped in a range: executed here only where that concerns a device. */
    private SystemCallAnswer replacing(long start, long end, LongSupplier call) {
        if (isOdd(start, end - start)) {
            return SystemCalls.PROCEED;
        }
        if (isReserved(start, end)) {
            return new SystemCallAnswer.Result(-Errors.EINVAL);
        }
        thread.memory().cpuidSites().forget(start, end);
        return concernsDevice(start, end)
                ? new SystemCallAnswer.Result(space().replace(start, end, call))
                : SystemCalls.PROCEED;
    }

    SystemCallAnswer mprotect(long address, long length, int protection) {
        long end = address + Flags.roundUp(length);
        if (isOdd(address, length)) {
            return SystemCalls.PROCEED;
        }
        if (isReserved(address, end)) {
            return new SystemCallAnswer.Result(-Errors.EACCES);
        }
        if (!concernsDevice(address, end)) {
            return (protection & Linux.PROT_EXEC) != 0
                            && thread.program().cpuid().isOn()
                    ? new SystemCallAnswer.ProceedThen(result -> executable(address, end, result))
                    : SystemCalls.PROCEED;
        }
        long result = (protection & ~PROT_MASK) != 0
                ? -Errors.EINVAL
                : Errno.toUserSpace(space().mprotect(
                                address,
                                end,
                                protection & ~PROT_SEM,
                                (from, to) -> task.systemCall(SystemCall.MPROTECT, from, to - from, protection)));
        tell("mprotect", address, length, protection, result);
        return new SystemCallAnswer.Result(result);
    }

    private long executable(long start, long end, long result) {
        if (result == 0) {
            thread.program().cpuid().executable(thread.memory(), start, end);
        }
        return result;
    }

    SystemCallAnswer mremap(long[] a) {
        long address = a[0];
        long oldLength = Flags.roundUp(a[1]);
        long newLength = Flags.roundUp(a[2]);
        int flags = (int) a[3];
        long target = a[4];
        boolean fixed = (flags & Flags.MREMAP_FIXED) != 0;
        Optional<SgxMapping> mapping = space().mapping(address);
        if (isReserved(address, address + Math.max(1, oldLength))
                || (fixed && isReserved(target, target + newLength))) {
            return new SystemCallAnswer.Result(-Errors.EINVAL);
        }
        if (mapping.isEmpty()) {
            if (fixed) {
                return replacing(target, target + newLength, () -> task.systemCall(SystemCall.MREMAP, a));
            }
            return newLength < oldLength && newLength > 0
                    ? replacing(address + newLength, address + oldLength, () -> task.systemCall(SystemCall.MREMAP, a))
                    : SystemCalls.PROCEED;
        }
        long result = mremap(mapping.get(), address, oldLength, newLength, flags, target);
        tell("mremap", address, oldLength, mapping.get().protection(), result);
        return new SystemCallAnswer.Result(result);
    }

    /** mremap of a device's mapping, which can be moved and shrunk (mm/mremap.c; VM_PFNMAP, VM_DONTEXPAND). */
    private long mremap(SgxMapping mapping, long address, long oldLength, long newLength, int flags, long target) {
        boolean mayMove = (flags & Flags.MREMAP_MAYMOVE) != 0;
        boolean fixed = (flags & Flags.MREMAP_FIXED) != 0;
        boolean dontUnmap = (flags & Flags.MREMAP_DONTUNMAP) != 0;
        if ((flags & ~(Flags.MREMAP_MAYMOVE | Flags.MREMAP_FIXED | Flags.MREMAP_DONTUNMAP)) != 0
                || (fixed && !mayMove)
                || (dontUnmap && (!mayMove || oldLength != newLength))
                || (address & (Flags.PAGE - 1)) != 0
                || newLength == 0) {
            return -Errors.EINVAL;
        }
        if (fixed || dontUnmap) {
            return move(mapping, address, oldLength, newLength, dontUnmap, target);
        }
        if (oldLength >= newLength) {
            long result = oldLength == newLength ? 0 : space().munmap(address + newLength, address + oldLength);
            return result == 0 ? address : result;
        }
        return -Errors.EFAULT;
    }

    private long move(
            SgxMapping mapping, long address, long oldLength, long newLength, boolean dontUnmap, long target) {
        if ((target & (Flags.PAGE - 1)) != 0
                || Long.compareUnsigned(newLength, Linux.TASK_SIZE) > 0
                || Long.compareUnsigned(target, Linux.TASK_SIZE - newLength) > 0
                || (address < target + newLength && target < address + oldLength)
                || dontUnmap) {
            return -Errors.EINVAL;
        }
        // The kernel makes room first, and shortens what is too long.
        long room = 0;
        if (oldLength > newLength) {
            room = space().munmap(address + newLength, address + oldLength);
        }
        if (room != 0) {
            return room;
        }
        if (newLength > oldLength || newLength > mapping.end() - address) {
            return -Errors.EFAULT;
        }
        return space().move(address, address + newLength, target);
    }

    SystemCallAnswer madvise(long address, long length, int advice) {
        long end = address + Flags.roundUp(length);
        if (isOdd(address, length)) {
            return SystemCalls.PROCEED;
        }
        if (isReserved(address, end)) {
            return new SystemCallAnswer.Result(-Errors.EINVAL);
        }
        if (!concernsDevice(address, end)) {
            return SystemCalls.PROCEED;
        }
        long result = space().pieces(
                        address,
                        end,
                        (from, to) -> Advice.onDevice(advice),
                        (from, to) -> task.systemCall(SystemCall.MADVISE, from, to - from, advice));
        return new SystemCallAnswer.Result(result);
    }

    /** Whether the kernel finds something wrong with a range before it looks what is there, or nothing to do. */
    private static boolean isOdd(long address, long length) {
        long rounded = Flags.roundUp(length);
        return (address & (Flags.PAGE - 1)) != 0
                || rounded == 0
                || Long.compareUnsigned(rounded, Linux.TASK_SIZE) > 0
                || Long.compareUnsigned(address, Linux.TASK_SIZE - rounded) > 0;
    }

    private boolean concernsDevice(long start, long end) {
        return space().nextMapping(start) < end;
    }

    private static boolean isReserved(long start, long end) {
        return CodeLayout.isReserved(start, end - start, CodeLayout.THREAD_AREAS);
    }

    private void tell(String call, long address, long length, int protection, long result) {
        thread.program().tell(SgxEvent.Kind.MAP, () -> {
            long enclave = space().mapping(address).map(SgxMapping::enclave).orElse(0L);
            return new SgxEvent.Mapped(task.pid(), task.tid(), enclave, call, address, length, protection, result);
        });
    }
}
