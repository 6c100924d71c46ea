package jsgx.machine.program;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.RemoteMemory;

/** Memory in an address space for the operands of system calls that its threads execute for us. One thread at a time uses it. */
final class Scratch {

    private final RemoteMemory memory;
    private final ReentrantLock lock = new ReentrantLock();

    Scratch(RemoteMemory memory) {
        this.memory = memory;
    }

    /**
     * Executes a system call that takes a path. It must not wait for anything that another thread of the program does.
     *
     * @param call is given the path's address in the program
     * @return what the call returned, or -EFAULT where the address space is gone
     */
    long withPath(String path, LongUnaryOperator call) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        byte[] terminated = java.util.Arrays.copyOf(bytes, bytes.length + 1);
        return locked(() ->
                memory.write(CodeLayout.SCRATCH, terminated) ? call.applyAsLong(CodeLayout.SCRATCH) : -Errors.EFAULT);
    }

    private long locked(LongSupplier action) {
        lock.lock();
        try {
            return action.getAsLong();
        } finally {
            lock.unlock();
        }
    }
}
