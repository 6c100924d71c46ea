package jsgx.machine.remote;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.Outcome;
import jsgx.arch.struct.SgxError;
import jsgx.driver.Refusal;
import jsgx.machine.event.SgxEvent;
import org.jspecify.annotations.Nullable;

/** Events in messages: those that a processor and a driver tell of. */
final class EventCode {

    private static final int IOCTL = 1;
    private static final int ENCLU = 2;
    private static final int EXIT = 3;
    private static final int FAULT = 4;
    private static final int MOVED = 5;

    private static final int NONE = 0;
    private static final int ERROR = 1;
    private static final int FAULTED = 2;

    private static final Leaf[] LEAVES = Leaf.values();
    private static final Outcome.Flags[] FLAGS = Outcome.Flags.values();
    private static final Fault.Vector[] VECTORS = Fault.Vector.values();
    private static final SgxError[] ERRORS = SgxError.values();

    private EventCode() {}

    /** A rule of a driver whose enum is another process's. */
    private record Cause(String name, long result, String rule) implements Refusal.Cause {}

    /** A check of a leaf whose enum is another process's. */
    private record Check(String name, int ordinal, Leaf leaf, String rule, int steps) implements LeafCheck {}

    /**
     * An event as it came.
     *
     * @param report what launch control said of an INIT; empty where it is none
     */
    record Told(SgxEvent event, byte[] report) {}

    static Out write(SgxEvent event, byte[] report) {
        Out out = new Out();
        switch (event) {
            case SgxEvent.Ioctl ioctl -> {
                head(out, IOCTL, event);
                out.text(ioctl.path()).text(ioctl.name()).i32(ioctl.arguments().size());
                for (Map.Entry<String, String> argument : ioctl.arguments().entrySet()) {
                    out.text(argument.getKey()).text(argument.getValue());
                }
                out.i64(ioctl.result()).i64(ioctl.nanos());
                write(ioctl.refusal(), out);
                write(ioctl.outcome(), out);
                out.bytes(report);
            }
            case SgxEvent.Enclu enclu -> {
                head(out, ENCLU, event);
                out.u8(enclu.leaf().ordinal()).i64(enclu.rbx()).i64(enclu.rcx()).i64(enclu.rdx());
                out.text(enclu.outcome()).i64(enclu.nanos());
            }
            case SgxEvent.AsynchronousExit exit -> {
                head(out, EXIT, event);
                Long address = exit.address();
                out.text(exit.cause()).text(exit.detail()).flag(address != null);
                out.i64(address == null ? 0 : address).i64(exit.rip());
            }
            case SgxEvent.PageFault fault -> {
                head(out, FAULT, event);
                out.i64(fault.address()).flag(fault.write()).text(fault.answer());
            }
            case SgxEvent.PageMoved moved -> {
                head(out, MOVED, event);
                out.i64(moved.address()).flag(moved.reclaimed());
            }
            default -> throw new IllegalArgumentException("an event of the supervision: " + event);
        }
        return out;
    }

    private static void head(Out out, int kind, SgxEvent event) {
        out.u8(kind).i32(event.pid()).i32(event.tid()).i64(event.enclave());
    }

    static Told read(In in) {
        int kind = in.u8();
        int pid = in.i32();
        int tid = in.i32();
        long enclave = in.i64();
        return switch (kind) {
            case IOCTL -> ioctl(in, pid, tid, enclave);
            case ENCLU ->
                told(new SgxEvent.Enclu(
                        pid, tid, enclave, LEAVES[in.u8()], in.i64(), in.i64(), in.i64(), in.text(), in.i64()));
            case EXIT -> {
                String cause = in.text();
                String detail = in.text();
                boolean hasAddress = in.flag();
                long address = in.i64();
                yield told(new SgxEvent.AsynchronousExit(
                        pid, tid, enclave, cause, detail, hasAddress ? address : null, in.i64()));
            }
            case FAULT -> told(new SgxEvent.PageFault(pid, tid, enclave, in.i64(), in.flag(), in.text()));
            case MOVED -> told(new SgxEvent.PageMoved(pid, tid, enclave, in.i64(), in.flag()));
            default -> throw new BadMessage("there is no event " + kind);
        };
    }

    private static Told told(SgxEvent event) {
        return new Told(event, new byte[0]);
    }

    private static Told ioctl(In in, int pid, int tid, long enclave) {
        String path = in.text();
        String name = in.text();
        SequencedMap<String, String> arguments = new LinkedHashMap<>();
        for (int i = in.count(2 * Integer.BYTES); i > 0; i--) {
            arguments.put(in.text(), in.text());
        }
        long result = in.i64();
        long nanos = in.i64();
        @Nullable Refusal refusal = refusal(in);
        @Nullable Outcome outcome = outcome(in);
        SgxEvent event = new SgxEvent.Ioctl(pid, tid, enclave, path, name, arguments, result, nanos, refusal, outcome);
        return new Told(event, in.bytes());
    }

    private static void write(@Nullable Refusal refusal, Out out) {
        out.flag(refusal != null);
        if (refusal != null) {
            Refusal.Cause cause = refusal.cause();
            out.text(cause.name()).i64(cause.result()).text(cause.rule());
            out.i64(refusal.result()).text(refusal.expected()).text(refusal.found());
        }
    }

    private static @Nullable Refusal refusal(In in) {
        return in.flag()
                ? new Refusal(new Cause(in.text(), in.i64(), in.text()), in.i64(), in.text(), in.text())
                : null;
    }

    private static void write(@Nullable Outcome outcome, Out out) {
        switch (outcome) {
            case Outcome.Error(var check, SgxError code, Outcome.Flags flags, String expected, String found) -> {
                write(check, out.u8(ERROR));
                out.u8(code.ordinal()).u8(flags.ordinal()).text(expected).text(found);
            }
            case Outcome.Faulted(var check, Fault fault, String expected, String found) -> {
                write(check, out.u8(FAULTED));
                out.u8(fault.vector().ordinal()).i64(fault.address()).i32(fault.errorCode());
                out.text(expected).text(found);
            }
            case null, default -> out.u8(NONE);
        }
    }

    private static void write(LeafCheck check, Out out) {
        out.text(check.name()).i32(check.ordinal()).u8(check.leaf().ordinal()).text(check.rule());
        out.i32(check.steps());
    }

    private static @Nullable Outcome outcome(In in) {
        return switch (in.u8()) {
            case ERROR -> new Outcome.Error(check(in), ERRORS[in.u8()], FLAGS[in.u8()], in.text(), in.text());
            case FAULTED ->
                new Outcome.Faulted(check(in), new Fault(VECTORS[in.u8()], in.i64(), in.i32()), in.text(), in.text());
            default -> null;
        };
    }

    private static Check check(In in) {
        return new Check(in.text(), in.i32(), LEAVES[in.u8()], in.text(), in.i32());
    }
}
