package jsgx.host.aesm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SystemCall;

/** System calls on sockets that never wait; a result is the kernel's. A buffer is memory outside of the heap. */
final class Descriptors {

    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

    private Descriptors() {}

    /** recv(2); 0 at the end of the stream, -EAGAIN where nothing is there. */
    static long receive(int descriptor, MemorySegment buffer) {
        return again(SystemCall.RECVFROM, descriptor, buffer, buffer.byteSize(), MSG_DONTWAIT);
    }

    /** send(2) of the first bytes; how many the kernel took. */
    static long send(int descriptor, MemorySegment buffer, long length) {
        return again(SystemCall.SENDTO, descriptor, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    private static long again(int call, int descriptor, MemorySegment buffer, long length, int flags) {
        while (true) {
            long result = Linux.call(call, descriptor, buffer.address(), length, flags, 0, 0);
            if (result != -Errors.EINTR) {
                return result;
            }
        }
    }

    /** An eventfd, which {@link #wake} makes readable. */
    static int event() throws LinuxException {
        return (int) Linux.check("eventfd", Linux.call(SystemCall.EVENTFD2, 0, Linux.O_CLOEXEC | Linux.O_NONBLOCK));
    }

    static void wake(int event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            Linux.call(SystemCall.WRITE, event, one.address(), one.byteSize());
        }
    }
}
