package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import jsgx.arch.Enclu;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.Xsave;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Tcs;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random sequences of EENTER, AEX, ERESUME, EEXIT, EDECCSSA and ETRACK on several threads and processors against a naive
 * model: who may enter, which frame is whose, and every register exactly as it was.
 */
class EntryExitModelTest {

    private static final int PROCESSORS = 3;
    private static final int THREADS = 2;
    private static final int STEPS = 3000;
    private static final long XFRM = 7;

    /** What ERESUME brings back. */
    private record Context(long[] registers, byte[] extended) {}

    /** What returns when an enclave is left. */
    private record Outside(long fsBase, long gsBase, long xcr0, long tf) {}

    private static final class Thread {
        /** The frames below CSSA, the oldest last; a frame that EDECCSSA gave up is gone. */
        final Deque<Context> frames = new ArrayDeque<>();

        /** URSP and URBP by frame. */
        final long[][] stacks = new long[EnclaveProcess.FRAMES][2];

        @Nullable
        Processor runner;

        long aep;
    }

    private static final class Processor {
        final LogicalProcessor lp;

        @Nullable
        Thread inside;

        Outside outside = new Outside(0, 0, 0, 0);
        long epoch;

        Processor(LogicalProcessor lp) {
            this.lp = lp;
        }
    }

    private final EnclaveProcess process = new EnclaveProcess(PROCESSORS, THREADS);
    private final List<Thread> threads = new ArrayList<>();
    private final List<Processor> processors = new ArrayList<>();
    private long epoch = 1;
    private Random random = new Random();
    private int successes;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void theModelAgrees(int seed) {
        random = new Random(seed);
        for (int i = 0; i < THREADS; i++) {
            threads.add(new Thread());
        }
        process.lps.forEach(lp -> processors.add(new Processor(lp)));
        for (int i = 0; i < STEPS; i++) {
            step(processors.get(random.nextInt(PROCESSORS)));
            invariants();
        }
        assertThat(successes).as("the walk goes somewhere").isGreaterThan(STEPS / 5);
    }

    private void step(Processor processor) {
        scramble(processor);
        int thread = random.nextInt(THREADS);
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> enter(processor, thread);
            case 3, 4, 5 -> resume(processor, thread);
            case 6, 7 -> exit(processor);
            case 8, 9 -> aex(processor);
            case 10 -> edeccssa(processor);
            default -> etrack();
        }
    }

    /** What the program does between two leaves: all registers change, and XCR0 outside. */
    private void scramble(Processor processor) {
        RegisterFile registers = processor.lp.registers();
        for (Register register : RegisterFile.GENERAL) {
            registers.set(register, random.nextLong());
        }
        registers.set(Register.RIP, random.nextLong() >>> 17);
        registers.set(Register.FS_BASE, random.nextLong() >>> 17);
        registers.set(Register.GS_BASE, random.nextLong() >>> 17);
        // An enclave cannot set TF; IOPL is 0.
        long tf = processor.inside == null ? Rflags.TF : 0;
        registers.set(Register.RFLAGS, random.nextLong() & (Rflags.RESTORED_BY_ERESUME | Rflags.IF | tf));
        assertThat(registers.xrstor(AexTest.area(random, XFRM), XFRM)).isTrue();
        if (processor.inside == null) {
            processor.lp.xcr0(random.nextBoolean() ? 7 : 0xe7);
        }
    }

    private void enter(Processor processor, int index) {
        Thread thread = threads.get(index);
        long aep = random.nextLong() >>> 17;
        long[] before = registers(processor);
        Outside outside = outside(processor);
        Outcome outcome = Enclu.eenter(processor.lp, process.tcsAt(index), aep);
        boolean possible =
                processor.inside == null && thread.runner == null && thread.frames.size() < EnclaveProcess.FRAMES;
        assertThat(outcome.isSuccess()).isEqualTo(possible);
        if (!possible) {
            assertThat(registers(processor)).isEqualTo(before);
            return;
        }
        long[] expected = before.clone();
        expected[Register.RAX.ordinal()] = thread.frames.size();
        expected[Register.RCX.ordinal()] = before[Register.RIP.ordinal()] + 3;
        expected[Register.RIP.ordinal()] = process.base() + index;
        expected[Register.FS_BASE.ordinal()] = process.base();
        expected[Register.GS_BASE.ordinal()] = process.base();
        expected[Register.RFLAGS.ordinal()] &= ~Rflags.TF;
        assertThat(registers(processor)).isEqualTo(expected);
        thread.stacks[thread.frames.size()] =
                new long[] {before[Register.RSP.ordinal()], before[Register.RBP.ordinal()]};
        begin(processor, thread, outside, aep);
    }

    private void resume(Processor processor, int index) {
        Thread thread = threads.get(index);
        long aep = random.nextLong() >>> 17;
        long[] before = registers(processor);
        Outside outside = outside(processor);
        int top = thread.frames.size() - 1;
        boolean notify = top >= 0 && (process.gprsgx(index, top).aexNotify() & 1) != 0;
        Outcome outcome = Enclu.eresume(processor.lp, process.tcsAt(index), aep);
        boolean possible = processor.inside == null
                && thread.runner == null
                && top >= 0
                && (!notify || thread.frames.size() < EnclaveProcess.FRAMES);
        assertThat(outcome.isSuccess()).isEqualTo(possible);
        if (!possible) {
            assertThat(registers(processor)).isEqualTo(before);
            return;
        }
        if (notify) {
            assertThat(processor.lp.registers().get(Register.RIP)).isEqualTo(process.base() + index);
            assertThat(processor.lp.registers().get(Register.RAX)).isEqualTo(thread.frames.size());
            thread.stacks[thread.frames.size()] =
                    new long[] {before[Register.RSP.ordinal()], before[Register.RBP.ordinal()]};
        } else {
            Context context = thread.frames.pop();
            long[] expected = context.registers().clone();
            int rflags = Register.RFLAGS.ordinal();
            expected[rflags] = (expected[rflags] & Rflags.RESTORED_BY_ERESUME) | (before[rflags] & Rflags.IF);
            assertThat(registers(processor)).isEqualTo(expected);
            assertThat(extended(processor)).isEqualTo(context.extended());
        }
        begin(processor, thread, outside, aep);
    }

    private void begin(Processor processor, Thread thread, Outside outside, long aep) {
        successes++;
        thread.runner = processor;
        thread.aep = aep;
        processor.inside = thread;
        processor.outside = outside;
        processor.epoch = epoch;
        assertThat(processor.lp.xcr0()).isEqualTo(XFRM);
    }

    private void exit(Processor processor) {
        long target = random.nextLong() >>> 17;
        long[] before = registers(processor);
        Outcome outcome = Enclu.eexit(processor.lp, target);
        Thread thread = processor.inside;
        assertThat(outcome.isSuccess()).isEqualTo(thread != null);
        if (thread == null) {
            return;
        }
        long[] expected = before.clone();
        expected[Register.RIP.ordinal()] = target;
        expected[Register.RCX.ordinal()] = thread.aep;
        leave(processor, thread, expected);
    }

    private void aex(Processor processor) {
        Thread thread = processor.inside;
        if (thread == null) {
            return;
        }
        int index = threads.indexOf(thread);
        int frame = thread.frames.size();
        thread.frames.push(new Context(registers(processor), extended(processor)));
        long rflags = processor.lp.registers().get(Register.RFLAGS);
        Aex.run(processor.lp, Aex.Event.interrupt(33));
        // A thread that is to be notified and has no frame left could never go on.
        boolean notify = frame + 1 < EnclaveProcess.FRAMES && random.nextInt(4) == 0;
        process.gprsgx(index, frame).aexNotify(notify ? 1 : 0);
        long[] expected = new long[Register.values().length];
        expected[Register.RAX.ordinal()] = 3;
        expected[Register.RBX.ordinal()] = process.tcsAt(index);
        expected[Register.RCX.ordinal()] = thread.aep;
        expected[Register.RIP.ordinal()] = thread.aep;
        expected[Register.RSP.ordinal()] = thread.stacks[frame][0];
        expected[Register.RBP.ordinal()] = thread.stacks[frame][1];
        expected[Register.RFLAGS.ordinal()] = rflags & ~Rflags.CLEARED_BY_AEX;
        leave(processor, thread, expected);
    }

    private void leave(Processor processor, Thread thread, long[] expected) {
        successes++;
        expected[Register.FS_BASE.ordinal()] = processor.outside.fsBase();
        expected[Register.GS_BASE.ordinal()] = processor.outside.gsBase();
        expected[Register.RFLAGS.ordinal()] |= processor.outside.tf();
        assertThat(registers(processor)).isEqualTo(expected);
        assertThat(processor.lp.xcr0()).isEqualTo(processor.outside.xcr0());
        processor.inside = null;
        thread.runner = null;
    }

    private void edeccssa(Processor processor) {
        Thread thread = processor.inside;
        boolean possible = thread != null && !thread.frames.isEmpty();
        assertThat(Enclu.edeccssa(processor.lp).isSuccess()).isEqualTo(possible);
        if (possible) {
            successes++;
            Objects.requireNonNull(thread).frames.pop();
        }
    }

    private void etrack() {
        boolean possible = processors.stream().noneMatch(p -> p.inside != null && p.epoch < epoch);
        Outcome outcome = process.etrack();
        if (possible) {
            epoch++;
            assertThat(outcome.isSuccess()).isTrue();
        } else {
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            Outcome.Error.class,
                            error -> assertThat(error.code()).isEqualTo(SgxError.PREV_TRK_INCMPL));
        }
    }

    private void invariants() {
        for (int i = 0; i < THREADS; i++) {
            Thread thread = threads.get(i);
            Tcs tcs = process.tcs(i);
            assertThat(tcs.cssa()).isEqualTo(thread.frames.size());
            assertThat(tcs.state()).isEqualTo(thread.runner != null ? Tcs.ACTIVE : Tcs.INACTIVE);
        }
        long inside = processors.stream().filter(p -> p.inside != null).count();
        long before = processors.stream()
                .filter(p -> p.inside != null && p.epoch < epoch)
                .count();
        assertThat(process.state().threads()).isEqualTo((int) inside);
        assertThat(process.state().threadsBefore()).isEqualTo((int) before);
        assertThat(process.state().epoch()).isEqualTo(epoch);
        for (Processor processor : processors) {
            assertThat(processor.lp.enclaveMode() != null).isEqualTo(processor.inside != null);
        }
    }

    private static long[] registers(Processor processor) {
        return Arrays.stream(Register.values())
                .mapToLong(processor.lp.registers()::get)
                .toArray();
    }

    private static byte[] extended(Processor processor) {
        MemorySegment area = MemorySegment.ofArray(new byte[Xsave.size(XFRM)]);
        processor.lp.registers().xsave(area, XFRM);
        return area.toArray(Layouts.U8);
    }

    private static Outside outside(Processor processor) {
        RegisterFile registers = processor.lp.registers();
        return new Outside(
                registers.get(Register.FS_BASE),
                registers.get(Register.GS_BASE),
                processor.lp.xcr0(),
                registers.get(Register.RFLAGS) & Rflags.TF);
    }
}
