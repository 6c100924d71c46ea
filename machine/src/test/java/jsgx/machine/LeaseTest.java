package jsgx.machine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static jsgx.image.x86.Mem.at;
import static jsgx.image.x86.Reg.RAX;
import static jsgx.image.x86.Reg.RSI;
import static jsgx.machine.EnclaveProgram.ENCLAVE_DATA;
import static jsgx.machine.EnclaveProgram.EXCHANGE;
import static jsgx.machine.EnclaveProgram.SECRET;
import static jsgx.machine.EnclaveProgram.enclave;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import jsgx.arch.Leaf;
import jsgx.machine.event.SgxEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Entries that the stub of a program serves by itself come to the same as those that are served one by one. */
final class LeaseTest {

    private static final int ENTRIES = 10;

    /** Adds 1 to what the program and the enclave exchange, and to what the enclave alone has. */
    private static final byte[] COUNTING = enclave(asm -> asm.mov(RSI, EXCHANGE)
            .mov(RAX, at(RSI))
            .add(RAX, 1)
            .mov(at(RSI), RAX)
            .mov(RSI, ENCLAVE_DATA)
            .mov(RAX, at(RSI))
            .add(RAX, 1)
            .mov(at(RSI), RAX));

    @TempDir
    private Path folder;

    private static EnclaveProgram entering(byte[] code) {
        EnclaveProgram program = new EnclaveProgram(code);
        for (int i = 0; i < ENTRIES; i++) {
            program.enter();
        }
        return program;
    }

    private static long printed(TestRun.Ended ended) {
        assertThat(ended.status()).as(ended.errors()).isZero();
        assertThat(ended.pagesLost()).isZero();
        return ByteBuffer.wrap(ended.output().getBytes(ISO_8859_1))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
    }

    private static long unasked(TestRun.Ended ended) {
        return ended.events(SgxEvent.Unasked.class).stream()
                .mapToLong(event -> event.counts().getOrDefault(Leaf.EENTER, 0L))
                .sum();
    }

    private static long asked(TestRun.Ended ended) {
        return ended.events(SgxEvent.Enclu.class).stream()
                .filter(event -> event.leaf() == Leaf.EENTER && "success".equals(event.outcome()))
                .count();
    }

    @Test
    void aThreadEntersAgainWithoutAsking() throws Exception {
        TestRun.Ended ended = new TestRun(Way.FAST)
                .withoutDetail()
                .run(entering(COUNTING).print(EXCHANGE).exit(0).in(folder));

        assertThat(printed(ended)).isEqualTo(ENTRIES);
        assertThat(unasked(ended)).isPositive();
        assertThat(asked(ended) + unasked(ended)).isEqualTo(ENTRIES);
    }

    @Test
    void whereEachEntryIsWantedEachIsTold() throws Exception {
        TestRun.Ended ended = new TestRun(Way.FAST)
                .run(entering(COUNTING).print(EXCHANGE).exit(0).in(folder));

        assertThat(printed(ended)).isEqualTo(ENTRIES);
        assertThat(unasked(ended)).isZero();
        assertThat(asked(ended)).isEqualTo(ENTRIES);
    }

    @Test
    void aProcessThatEnteredExecutesAnotherProgram() throws Exception {
        TestRun.Ended ended = new TestRun(Way.FAST)
                .withoutDetail()
                .run(entering(COUNTING).execute("/bin/pwd").exit(1).in(folder));

        assertThat(unasked(ended)).isPositive();
        assertThat(ended.status()).as(ended.errors()).isZero();
        assertThat(ended.output()).isNotEmpty();
        assertThat(ended.pagesLost()).isZero();
    }

    @Test
    void whatTheEnclaveHasIsTheSame() throws Exception {
        TestRun.Ended ended = new TestRun(Way.FAST)
                .withoutDetail()
                .run(entering(COUNTING)
                        .copy(ENCLAVE_DATA)
                        .print(EXCHANGE)
                        .exit(0)
                        .in(folder));

        assertThat(printed(ended)).isEqualTo(SECRET + ENTRIES);
    }

    @Test
    void anExceptionInALeasedEntryIsAnAsynchronousExit() throws Exception {
        // The first entries write to memory that is there, and the later ones, which are leased, to memory that is not.
        byte[] faulting =
                enclave(asm -> asm.mov(RSI, EXCHANGE).mov(RSI, at(RSI)).mov(RAX, at(RSI)));
        EnclaveProgram program = new EnclaveProgram(faulting);
        program.asm.mov(RSI, EXCHANGE).mov(at(RSI), RSI);
        for (int i = 0; i < ENTRIES; i++) {
            program.enter();
        }
        program.asm.mov(RSI, EXCHANGE).mov(RAX, 0x10_0000L).mov(at(RSI), RAX);
        TestRun.Ended ended = new TestRun(Way.FAST)
                .withoutDetail()
                .run(program.enter().exit(0).in(folder));

        assertThat(ended.status()).isEqualTo(128 + 11);
        assertThat(ended.events(SgxEvent.AsynchronousExit.class).getLast().address())
                .isEqualTo(0x10_0000L);
        assertThat(ended.pagesLost()).isZero();
    }
}
