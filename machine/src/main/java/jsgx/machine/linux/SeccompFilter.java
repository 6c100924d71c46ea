package jsgx.machine.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A seccomp filter, as a classic BPF program (struct sock_filter[]): it picks system calls of the 64-bit interface, lets all that come from
 * one range of instructions through, and answers every call of the 32-bit and x32 interfaces, which it could not
 * tell apart, with ENOSYS.
 */
public final class SeccompFilter {

    /** What happens to a call. */
    public enum Action {
        /** SECCOMP_RET_ALLOW. */
        ALLOW(0x7fff_0000),
        /** SECCOMP_RET_TRACE: the tracer is asked. */
        TRACE(0x7ff0_0000),
        /** SECCOMP_RET_TRAP: SIGSYS. */
        TRAP(0x0003_0000);

        private final int value;

        Action(int value) {
            this.value = value;
        }
    }

    /** SECCOMP_RET_ERRNO with ENOSYS. */
    private static final int RET_ENOSYS = 0x0005_0000 | Errors.ENOSYS;

    private static final int AUDIT_ARCH_X86_64 = 0xc000_003e;
    private static final int X32_BIT = 0x4000_0000;

    // struct seccomp_data
    private static final int NR = 0;
    private static final int ARCH = 4;
    private static final int IP = 8;
    private static final int ARGUMENTS = 16;

    // BPF_CLASS | BPF_SIZE | BPF_MODE and BPF_CLASS | BPF_OP | BPF_SRC
    private static final int LD_W_ABS = 0x20;
    private static final int ALU_AND_K = 0x54;
    private static final int JEQ_K = 0x15;
    private static final int JGE_K = 0x35;
    private static final int JSET_K = 0x45;
    private static final int RET_K = 0x06;

    /** A test of an argument's low half. */
    private sealed interface Test {
        /** (argument & mask) == value. */
        record Equal(int argument, int mask, int value) implements Test {}

        /** (argument & mask) == 0. */
        record Clear(int argument, int mask) implements Test {}

        record Always() implements Test {}
    }

    private record Rule(int number, Test test, int action) {}

    private final List<Rule> rules = new ArrayList<>();
    private final List<Integer> passing = new ArrayList<>();
    private final long start;
    private final long end;

    /**
     * A filter that picks nothing yet.
     *
     * @param start where the range begins whose calls pass; it does not cross a 4 GiB boundary
     * @param end the first address behind it
     */
    public SeccompFilter(long start, long end) {
        if ((start >>> 32) != ((end - 1) >>> 32)) {
            throw new IllegalArgumentException("0x%x to 0x%x crosses a 4 GiB boundary".formatted(start, end));
        }
        this.start = start;
        this.end = end;
    }

    /** Not all calls of the range pass, but these; the others are picked as everywhere. */
    public SeccompFilter passOnly(int... numbers) {
        for (int number : numbers) {
            passing.add(number);
        }
        return this;
    }

    /** Picks a system call. */
    public SeccompFilter pick(int number, Action action) {
        rules.add(new Rule(number, new Test.Always(), action.value));
        return this;
    }

    /** Picks a system call where an argument (0 to 5) has a value in the masked bits of its low half. */
    public SeccompFilter pickWhereEqual(int number, int argument, int mask, int value, Action action) {
        rules.add(new Rule(number, new Test.Equal(argument, mask, value), action.value));
        return this;
    }

    /** Picks a system call where an argument (0 to 5) has none of these bits of its low half. */
    public SeccompFilter pickWhereClear(int number, int argument, int mask, Action action) {
        rules.add(new Rule(number, new Test.Clear(argument, mask), action.value));
        return this;
    }

    /** Lets a system call end with an error, whatever its arguments. */
    public SeccompFilter refuse(int number, int errno) {
        rules.add(new Rule(number, new Test.Always(), 0x0005_0000 | errno));
        return this;
    }

    /** struct sock_filter[]: 8 bytes an instruction. */
    public byte[] program() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        emit(out, LD_W_ABS, 0, 0, ARCH);
        emit(out, JEQ_K, 1, 0, AUDIT_ARCH_X86_64);
        emit(out, RET_K, 0, 0, RET_ENOSYS);
        int pass = passing.isEmpty() ? 1 : 1 + 2 * passing.size();
        emit(out, LD_W_ABS, 0, 0, IP + 4);
        emit(out, JEQ_K, 0, 3 + pass, (int) (start >>> 32));
        emit(out, LD_W_ABS, 0, 0, IP);
        emit(out, JGE_K, 0, 1 + pass, (int) start);
        emit(out, JGE_K, pass, 0, (int) end);
        if (passing.isEmpty()) {
            emit(out, RET_K, 0, 0, Action.ALLOW.value);
        } else {
            emit(out, LD_W_ABS, 0, 0, NR);
            for (int number : passing) {
                emit(out, JEQ_K, 0, 1, number);
                emit(out, RET_K, 0, 0, Action.ALLOW.value);
            }
        }
        emit(out, LD_W_ABS, 0, 0, NR);
        emit(out, JSET_K, 0, 1, X32_BIT);
        emit(out, RET_K, 0, 0, RET_ENOSYS);
        for (Rule rule : rules) {
            emit(out, rule);
        }
        emit(out, RET_K, 0, 0, Action.ALLOW.value);
        return out.toByteArray();
    }

    private static void emit(ByteArrayOutputStream out, Rule rule) {
        switch (rule.test()) {
            case Test.Always() -> {
                emit(out, JEQ_K, 0, 1, rule.number());
                emit(out, RET_K, 0, 0, rule.action());
            }
            case Test.Equal(int argument, int mask, int value) -> {
                emit(out, JEQ_K, 0, 5, rule.number());
                emit(out, LD_W_ABS, 0, 0, ARGUMENTS + 8 * argument);
                emit(out, ALU_AND_K, 0, 0, mask);
                emit(out, JEQ_K, 0, 1, value);
                emit(out, RET_K, 0, 0, rule.action());
                emit(out, LD_W_ABS, 0, 0, NR);
            }
            case Test.Clear(int argument, int mask) -> {
                emit(out, JEQ_K, 0, 4, rule.number());
                emit(out, LD_W_ABS, 0, 0, ARGUMENTS + 8 * argument);
                emit(out, JSET_K, 1, 0, mask);
                emit(out, RET_K, 0, 0, rule.action());
                emit(out, LD_W_ABS, 0, 0, NR);
            }
        }
    }

    private static void emit(ByteArrayOutputStream out, int code, int jumpTrue, int jumpFalse, int k) {
        byte[] instruction = new byte[8];
        ByteBuffer.wrap(instruction)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) code)
                .put((byte) jumpTrue)
                .put((byte) jumpFalse)
                .putInt(k);
        out.writeBytes(instruction);
    }
}
