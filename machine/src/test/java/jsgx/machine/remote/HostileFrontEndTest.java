package jsgx.machine.remote;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.RegisterModel;
import jsgx.driver.DriverOptions;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.driver.mainline.Create;
import jsgx.machine.SharedEpc;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.StreamSocket;
import jsgx.machine.linux.SystemCall;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/** A front end that says what makes no sense, or nothing, loses its session and nothing else. */
@Timeout(60)
final class HostileFrontEndTest {

    private static final long USER = 0x7000_0000L;

    /** What waits for the end of the daemon's patience; to the others a pause of a busy machine must not be one. */
    private static final String IMPATIENT = "impatient";

    private SharedEpc epc;
    private SgxDriver driver;
    private RemoteServer server;
    private Allowance allowance = allowance(Duration.ofSeconds(20));
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private Lane lane;
    private StreamSocket socket;
    private final List<Integer> descriptors = new ArrayList<>();
    private BiConsumer<Op, Out> answers = (op, out) -> {
        throw new AssertionError("asked for " + op);
    };

    private volatile Consumer<Runnable> turn = Runnable::run;

    private static Allowance allowance(Duration patience) {
        return new Allowance(new Allowance.Limits(4, 3, 2, 100, 100), patience);
    }

    @BeforeEach
    void begin(TestInfo test) throws Exception {
        if (test.getTags().contains(IMPATIENT)) {
            allowance = allowance(Duration.ofMillis(300));
        }
        epc = SharedEpc.allocate(List.of(1L << 20));
        Random random = new Random(1);
        ProcessorPackage cpu = new ProcessorPackage(
                Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc.epc(), random);
        driver = new SgxDriver(cpu, DriverOptions.defaults().withSwapThread(false));
        server = new RemoteServer(
                new RunRequest(EnumSet.allOf(InterfaceKind.class), EnumSet.noneOf(SgxEvent.Kind.class), false, 0, 0),
                new RemoteSession(
                        driver,
                        epc.descriptor(),
                        page -> true,
                        EnumSet.allOf(InterfaceKind.class),
                        new Workload("uid:1"),
                        init -> new byte[0],
                        call -> turn.accept(call),
                        allowance));
        for (int given : server.descriptors()) {
            descriptors.add((int) Linux.check("dup", Linux.call(SystemCall.DUP, given)));
        }
        socket = new StreamSocket(descriptors.get(1));
        lane = new Lane(
                socket,
                new Lane.Server() {
                    @Override
                    public void serve(Lane on, Op op, In in, Out out) {
                        answers.accept(op, out);
                    }

                    @Override
                    public void event(In in) {}
                },
                true);
        Thread.ofPlatform().daemon().start(() -> ended.complete(server.serve()));
    }

    @AfterEach
    void end() throws Exception {
        lane.shutdown();
        assertThat(ended.get(30, TimeUnit.SECONDS)).isNotEmpty();
        assertThat(driver.freePages()).isEqualTo(driver.totalPages());
        for (Allowance.Resource what : Allowance.Resource.values()) {
            assertThat(allowance.taken(what)).as("%s that are given back", what).isZero();
        }
        lane.close();
        descriptors.remove(/* index */ 1);
        descriptors.forEach(Linux::close);
        driver.close();
        epc.close();
    }

    private String why() throws Exception {
        return ended.get(30, TimeUnit.SECONDS);
    }

    private void raw(int length, byte... rest) {
        ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + rest.length).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(length).put(rest);
        try (Arena arena = Arena.ofConfined()) {
            assertThat(socket.send(arena.allocateFrom(JAVA_BYTE, frame.array()), StreamSocket.NEVER))
                    .isZero();
        }
    }

    private In call(Op op, Out out) {
        return lane.call(op, out, StreamSocket.NEVER);
    }

    private void open() {
        assertThat(call(Op.OPEN, new Out().i32(1).u8(0)).flag()).isTrue();
        call(Op.SPACE, new Out().i32(2).i32(77).i32(3));
    }

    private Out ioctl() {
        return new Out().i32(2).i32(78).i32(1).i32(Create.CMD).i64(USER);
    }

    @Test
    void aLengthBeyondAllMessages() throws Exception {
        raw(Integer.MAX_VALUE, (byte) 1);
        assertThat(why()).contains("expected 1 to 262144");
    }

    @Test
    void aNegativeLength() throws Exception {
        raw(-1, (byte) 1);
        assertThat(why()).contains("expected 1 to 262144");
    }

    @Test
    @Tag(IMPATIENT)
    void aMessageThatDoesNotEnd() throws Exception {
        raw(1000, (byte) 1, (byte) 0);
        assertThat(why()).contains("in time");
    }

    @Test
    void anAnswerToNothing() throws Exception {
        raw(1, (byte) 2);
        assertThat(why()).isEqualTo("an answer to nothing");
    }

    @Test
    void anOperationThatIsNot() throws Exception {
        raw(2, (byte) 1, (byte) 200);
        assertThat(why()).contains("there is no operation 200");
    }

    @Test
    void anOperationOfTheDaemons() throws Exception {
        raw(2, (byte) 1, (byte) Op.AGENT.ordinal());
        assertThat(why()).contains("AGENT is no call of a front end");
    }

    @Test
    void operandsThatEndEarly() throws Exception {
        raw(4, (byte) 1, (byte) Op.OPEN.ordinal(), (byte) 0, (byte) 0);
        assertThat(why()).isEqualTo("it ends too early");
    }

    @Test
    void numbersThatNothingHas() throws Exception {
        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> call(Op.CLOSE, new Out().i32(9)));
        assertThat(why()).isEqualTo("there is no file 9");
    }

    @Test
    void aDescriptorWithWhichMmapMapsNoFile() throws Exception {
        assertThatExceptionOfType(LaneEnded.class)
                .isThrownBy(() -> call(Op.SPACE, new Out().i32(2).i32(77).i32(-1)));
        assertThat(why()).contains("a descriptor -1");
    }

    @Test
    void aNumberTwice() throws Exception {
        open();
        assertThatExceptionOfType(LaneEnded.class)
                .isThrownBy(() -> call(Op.OPEN, new Out().i32(1).u8(0)));
        assertThat(why()).contains("number 1 is taken");
    }

    @Test
    void moreFilesThanTheUserMayHave() throws Exception {
        // Of another session of the same user.
        assertThat(allowance.take(Allowance.Resource.FILES, 3)).isTrue();
        try {
            open();
            assertThatExceptionOfType(LaneEnded.class)
                    .isThrownBy(() -> call(Op.OPEN, new Out().i32(9).u8(0)));
            assertThat(why()).contains("have 4 files");
        } finally {
            allowance.give(Allowance.Resource.FILES, 3);
        }
    }

    @Test
    void moreProcessesThanTheUserMayHave() throws Exception {
        open();
        for (int id = 10; id < 12; id++) {
            call(Op.SPACE, new Out().i32(id).i32(77).i32(3));
        }
        call(Op.GONE, new Out().i32(10));
        call(Op.SPACE, new Out().i32(10).i32(77).i32(3));
        assertThatExceptionOfType(LaneEnded.class)
                .isThrownBy(() -> call(Op.SPACE, new Out().i32(12).i32(77).i32(3)));
        assertThat(why()).contains("have 3 processes");
    }

    @Test
    void moreThreadsThanTheUserMayHave() throws Exception {
        open();
        call(Op.THREAD, new Out().i32(20).i32(2).i32(78));
        call(Op.THREAD, new Out().i32(21).i32(2).i32(79));
        call(Op.ENDED, new Out().i32(20));
        call(Op.THREAD, new Out().i32(20).i32(2).i32(78));
        assertThatExceptionOfType(LaneEnded.class)
                .isThrownBy(() -> call(Op.THREAD, new Out().i32(22).i32(2).i32(80)));
        assertThat(why()).contains("have 2 threads");
    }

    @Test
    void moreMappingsThanTheUserMayHave() throws Exception {
        open();
        long[] next = {0x7000_0000_0000L};
        answers = (op, out) -> {
            if (op == Op.AGENT) {
                // Room wherever it is asked for.
                out.i64(next[0]);
            } else {
                out.flag(false);
            }
        };
        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> {
            for (int i = 0; i < 101; i++) {
                next[0] += 0x10000;
                call(
                        Op.MMAP,
                        new Out().i32(2).i32(1).i64(0).i64(0x1000).i32(0).i32(1).i64(0));
            }
        });
        assertThat(why()).contains("have 100 mappings");
    }

    @Test
    @Tag(IMPATIENT)
    void whatEarlierSessionsHaveUsedUpOfThePatience() throws Exception {
        open();
        allowance.waited(600_000_000);
        // It has a second for what nobody else waits for, and the whole patience is less.
        answers = (op, out) -> {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            out.bytes(new byte[0]);
        };
        assertThat(call(Op.IOCTL, ioctl()).i64()).isEqualTo(-14);
        assertThat(allowance.untilPatient()).isPositive();
    }

    @Test
    void addressesThatNoProgramHas() throws Exception {
        open();
        assertThatExceptionOfType(LaneEnded.class)
                .isThrownBy(() -> call(Op.MUNMAP, new Out().i32(2).i64(1).i64(-4096)));
        assertThat(why()).contains("an address 0x1");
    }

    @Test
    @Tag(IMPATIENT)
    void noAnswer() throws Exception {
        open();
        answers = (op, out) -> {
            try {
                Thread.sleep(5_000);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> call(Op.IOCTL, ioctl()));
        assertThat(why()).contains("READ: no answer in time");
    }

    @Test
    void aCallInPlaceOfAnAnswer() throws Exception {
        open();
        answers = (op, out) -> call(Op.IOCTL, ioctl());
        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> call(Op.IOCTL, ioctl()));
        assertThat(why()).contains("in place of an answer");
    }

    @Test
    void anAnswerThatIsTooShort() throws Exception {
        open();
        answers = (op, out) -> out.u8(1);
        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> call(Op.IOCTL, ioctl()));
        assertThat(why()).contains("READ: it ends too early");
    }

    @Test
    void memoryThatCannotBeReadIsTheProgramsTrouble() {
        open();
        answers = (op, out) -> out.bytes(new byte[0]);
        assertThat(call(Op.IOCTL, ioctl()).i64()).isEqualTo(-14);
    }

    /** Who has the turn may be waiting for just that. */
    @Test
    void aThreadThatLeavesItsEnclaveWaitsForNoTurn() throws Exception {
        open();
        call(Op.THREAD, new Out().i32(5).i32(2).i32(78));
        turn = call -> {
            throw new BadMessage("its turn never comes");
        };

        Out interrupted = new Out().i32(5);
        ServedRegisters.write(new RegisterModel(), interrupted);
        assertThat(call(Op.INTERRUPTED, interrupted.i32(32)).flag()).isFalse();

        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> call(Op.IOCTL, ioctl()));
        assertThat(why()).contains("its turn never comes");
    }

    @Test
    void aMappingWhereTheKernelMakesNone() throws Exception {
        open();
        answers = (op, out) -> out.i64(0x1001);
        Out mmap = new Out().i32(2).i32(1).i64(0).i64(0x10000).i32(3).i32(1).i64(0);
        assertThatExceptionOfType(LaneEnded.class).isThrownBy(() -> call(Op.MMAP, mmap));
        assertThat(why()).contains("AGENT: a mapping at 0x1001");
    }

    @Test
    void theEndInTheMiddle() throws Exception {
        raw(100, (byte) 1);
        lane.shutdown();
        assertThat(why()).contains("gone");
    }
}
