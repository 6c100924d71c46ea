package jsgx.machine.program;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.SgxMapping;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;

/**
 * How a debugger in the run gets at a process's memory: /proc/PID/mem, ptrace, process_vm_readv and process_vm_writev. Pages of a debug enclave are read and written by the
 * driver (EDBGRD, EDBGWR) through the first two, those of another enclave not at all; the last two refuse all memory of devices.
 */
final class DebugCalls {

    private static final int PTRACE_PEEKTEXT = 1;
    private static final int PTRACE_PEEKDATA = 2;
    private static final int PTRACE_POKETEXT = 4;
    private static final int PTRACE_POKEDATA = 5;
    private static final int SEEK_CUR = 1;
    private static final long CHUNK = 64 << 10;
    private static final int IOVEC = 16;
    private static final int MAX_IOVECS = 1024;
    private static final long NO_OFFSET = -1;

    /** The kernel does it, under the program's own mask of signals: it may block. */
    private static final SystemCallAnswer WITHIN = new SystemCallAnswer.ProceedThen(result -> result);

    private final ProgramThread thread;
    private final Task task;
    private final ThreadFiles files;

    DebugCalls(ProgramThread thread, ThreadFiles files) {
        this.thread = thread;
        this.task = thread.task();
        this.files = files;
    }

    private RemoteMemory own() {
        return thread.memory().contents();
    }

    /** ptrace; the supervisor is no process of the run. */
    SystemCallAnswer ptrace(int request, long pid, long address, long data) {
        if (thread.program().guard().isSupervisor(pid)) {
            return new SystemCallAnswer.Result(-Errors.EPERM);
        }
        boolean peek = request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA;
        boolean poke = request == PTRACE_POKETEXT || request == PTRACE_POKEDATA;
        Optional<ProgramMemory> target = peek || poke ? thread.program().memoryOf((int) pid) : Optional.empty();
        Optional<SgxMapping> mapping = target.flatMap(memory -> memory.space().mapping(address));
        if (mapping.isEmpty() || !isTraced(pid)) {
            return SystemCalls.PROCEED;
        }
        MemorySegment word = MemorySegment.ofArray(new long[] {data});
        long moved = access(target.get().space(), address, word, poke);
        if (moved != Long.BYTES) {
            return new SystemCallAnswer.Result(-Errors.EIO);
        }
        boolean written = poke || own().writeLong(data, word.get(ValueLayout.JAVA_LONG, 0));
        return new SystemCallAnswer.Result(written ? 0 : -Errors.EFAULT);
    }

    /** Whether the thread traces another one: the kernel says so of none that it does not. */
    private boolean isTraced(long pid) {
        return ThreadStatus.of((int) pid).tracer() == task.pid();
    }

    /** process_vm_readv and process_vm_writev: they end before the first page of a device, where the kernel cannot pin it. */
    SystemCallAnswer processVm(int number, long[] a) {
        if (thread.program().guard().isSupervisor(a[0])) {
            return new SystemCallAnswer.Result(-Errors.EPERM);
        }
        Optional<ProgramMemory> target = thread.program().memoryOf((int) a[0]);
        if (target.isEmpty() || a[4] < 0 || a[4] > MAX_IOVECS) {
            return SystemCalls.PROCEED;
        }
        Optional<byte[]> remote = own().read(a[3], (int) a[4] * IOVEC);
        if (remote.isEmpty()) {
            return SystemCalls.PROCEED;
        }
        MemorySegment vectors = MemorySegment.ofArray(remote.get());
        SgxSpace space = target.get().space();
        for (int i = 0; i < a[4]; i++) {
            long start = vectors.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * IOVEC);
            long length = vectors.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * IOVEC + 8);
            long free = space.nextMapping(start) - start;
            if (length > 0 && free >= 0 && free < length) {
                vectors.set(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * IOVEC + 8, free);
                int count = free == 0 ? i : i + 1;
                return new SystemCallAnswer.Result(
                        count == 0 ? -Errors.EFAULT : shortened(number, a, remote.get(), count));
            }
        }
        return SystemCalls.PROCEED;
    }

    private long shortened(int number, long[] a, byte[] vectors, int count) {
        return thread.memory()
                .scratch()
                .withBytes(vectors, at -> task.systemCall(number, a[0], a[1], a[2], at, count, a[5]));
    }

    /** read and write. */
    SystemCallAnswer transfer(long descriptor, long buffer, long count, boolean write) {
        return transfer(descriptor, buffer, count, NO_OFFSET, write);
    }

    /** readv, writev, and their kin with an offset: what the first vector says, for such a call may always do less. */
    SystemCallAnswer vector(long descriptor, long vectors, long count, long offset, boolean write) {
        if (count <= 0 || memory(descriptor).isEmpty()) {
            return WITHIN;
        }
        Optional<Long> buffer = own().readLong(vectors);
        Optional<Long> length = own().readLong(vectors + Long.BYTES);
        return buffer.isEmpty() || length.isEmpty()
                ? WITHIN
                : transfer(descriptor, buffer.get(), length.get(), offset, write);
    }

    /** pread64 and pwrite64. */
    SystemCallAnswer transfer(long descriptor, long buffer, long count, long offset, boolean write) {
        Optional<ProgramMemory> target = memory(descriptor);
        if (target.isEmpty() || count <= 0) {
            return WITHIN;
        }
        boolean moves = offset == NO_OFFSET;
        long from = moves ? task.systemCall(SystemCall.LSEEK, descriptor, 0, SEEK_CUR) : offset;
        SgxSpace space = target.get().space();
        long free = space.nextMapping(from) - from;
        if (free >= count || free < 0) {
            return WITHIN;
        }
        long result = free > 0
                ? task.systemCall(write ? SystemCall.PWRITE64 : SystemCall.PREAD64, descriptor, buffer, free, from)
                : device(space, from, buffer, count, write);
        if (moves && result > 0) {
            task.systemCall(SystemCall.LSEEK, descriptor, result, SEEK_CUR);
        }
        return new SystemCallAnswer.Result(result);
    }

    private Optional<ProgramMemory> memory(long descriptor) {
        return ProcFiles.mem(thread.program(), files.descriptor(descriptor));
    }

    private long device(SgxSpace space, long address, long buffer, long count, boolean write) {
        Optional<SgxMapping> mapping = space.mapping(address);
        if (mapping.isEmpty()) {
            return -Errors.EIO;
        }
        long size = Math.min(Math.min(count, CHUNK), mapping.get().end() - address);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(size);
            if (write && own().read(buffer, copy) != size) {
                return -Errors.EFAULT;
            }
            long moved = access(space, address, copy, write);
            if (moved <= 0) {
                return -Errors.EIO;
            }
            return write || own().write(buffer, copy.asSlice(0, moved)) == moved ? moved : -Errors.EFAULT;
        }
    }

    private long access(SgxSpace space, long address, MemorySegment buffer, boolean write) {
        return space.access(files, address, buffer, write);
    }
}
