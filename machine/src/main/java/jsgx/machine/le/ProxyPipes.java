package jsgx.machine.le;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jsgx.machine.MachineOptions;
import jsgx.machine.le.ProxyProgram.Step;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Attention;
import org.jspecify.annotations.Nullable;

/** The pipes that a launch enclave's program has as its standard input and output. */
final class ProxyPipes implements AutoCloseable {

    private static final byte[] NOTHING = {};
    private static final int NANOS_A_MILLI = 1_000_000;
    private static final int STDERR = 2;

    /** How long to wait at once: whoever waits has other duties too. */
    private static final int WAIT_MILLIS = 2;

    private final Linux.Pipe requests;
    private final Linux.Pipe answers;
    private boolean otherClosed;

    /** What the program reports before its first answer. */
    record Report(Step step, long result, int pid) {}

    ProxyPipes() throws LinuxException {
        requests = Linux.pipe();
        try {
            answers = Linux.pipe();
        } catch (LinuxException e) {
            Linux.close(requests.read());
            Linux.close(requests.write());
            throw e;
        }
    }

    /** The program's standard streams. */
    MachineOptions.Streams streams() {
        return new MachineOptions.Streams(requests.read(), answers.write(), STDERR);
    }

    /** The program is gone, or has its own descriptors: without ours, the end of one side is seen by the other. */
    synchronized void closeOther() {
        if (!otherClosed) {
            otherClosed = true;
            Linux.close(requests.read());
            Linux.close(answers.write());
        }
    }

    /** What the program reports; null where it ended, or does not within this time. */
    @Nullable
    Report report(int millis) {
        byte[] bytes = read(ProxyProgram.REPORT_SIZE, millis);
        closeOther();
        if (bytes.length == 0) {
            return null;
        }
        MemorySegment report = MemorySegment.ofArray(bytes);
        return new Report(
                Step.values()[(int) report.get(JAVA_LONG.withByteAlignment(1), 0)],
                report.get(JAVA_LONG.withByteAlignment(1), 8),
                (int) report.get(JAVA_LONG.withByteAlignment(1), 16));
    }

    /** An answer of so many bytes; none where the program ended, or does not answer within this time. */
    byte[] ask(byte[] request, int size, int millis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, request);
            long written = Linux.call(SystemCall.WRITE, requests.write(), bytes.address(), request.length);
            return written == request.length ? read(size, millis) : NOTHING;
        }
    }

    private byte[] read(int size, int millis) {
        long deadline = System.nanoTime() + (long) millis * NANOS_A_MILLI;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(size);
            long at = 0;
            while (at < size) {
                if (System.nanoTime() - deadline > 0) {
                    return NOTHING;
                }
                short[] events = {(short) Linux.POLLIN};
                long ready = Linux.poll(new int[] {answers.read()}, events, WAIT_MILLIS);
                if (ready == -Errors.EINTR || ready == 0) {
                    Attention.attend();
                    continue;
                }
                long count = Linux.call(SystemCall.READ, answers.read(), bytes.address() + at, size - at);
                if (count <= 0) {
                    return NOTHING;
                }
                at += count;
            }
            return bytes.toArray(JAVA_BYTE);
        }
    }

    @Override
    public void close() {
        closeOther();
        Linux.close(requests.write());
        Linux.close(answers.read());
    }
}
