package jsgx.machine.program;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.RemoteMemory;

/** Memory in an address space for the operands of system calls that its threads execute for us. One thread at a time uses it. */
final class Scratch {

    /** The size of struct sock_fprog, and of struct sock_filter. */
    private static final int FPROG = 16;

    private static final int INSTRUCTION = 8;

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
        return withBytes(Arrays.copyOf(bytes, bytes.length + 1), call);
    }

    /** The same for a call that takes other bytes. */
    long withBytes(byte[] bytes, LongUnaryOperator call) {
        return locked(
                () -> memory.write(CodeLayout.SCRATCH, bytes) ? call.applyAsLong(CodeLayout.SCRATCH) : -Errors.EFAULT);
    }

    /** The same for a call that takes a filter (struct sock_fprog). */
    long withFilter(byte[] program, LongUnaryOperator call) {
        ByteBuffer bytes = ByteBuffer.allocate(FPROG + program.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(program.length / INSTRUCTION)
                .putLong(CodeLayout.SCRATCH + FPROG)
                .put(program);
        return withBytes(bytes.array(), call);
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
