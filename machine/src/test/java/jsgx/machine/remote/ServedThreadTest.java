package jsgx.machine.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.CpuFeatures;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.TestEnclave;
import jsgx.driver.DriverOptions;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.machine.SharedEpc;
import jsgx.machine.enclave.TestThread;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.StreamSocket;
import jsgx.machine.task.FaultAnswer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A thread of a front end is inside an enclave, and somebody waits for it to leave. */
@Timeout(60)
final class ServedThreadTest {

    private static final int THREAD = 5;
    private static final long START = TestEnclave.BASE;
    private static final long END = TestEnclave.BASE + TestEnclave.SIZE;

    private final TestThread program = new TestThread();
    private final AtomicInteger asked = new AtomicInteger();
    private SharedEpc epc;
    private SgxDriver driver;
    private SessionLanes lanes;
    private ServedThread thread;
    private Thread frontEnd;

    @BeforeEach
    void enter() throws Exception {
        epc = SharedEpc.allocate(List.of(1L << 20));
        Random random = new Random(1);
        driver = new SgxDriver(
                new ProcessorPackage(
                        Fuses.burn(random), CpuFeatures.SGX2, CpuSvn.ZERO, new byte[16], epc.epc(), random),
                DriverOptions.defaults().withSwapThread(false));
        Allowance allowance = new Allowance(Allowance.Limits.DEFAULT, Duration.ofMillis(300));
        lanes = new SessionLanes(allowance);
        Session session = new Session(
                new RunRequest(EnumSet.allOf(InterfaceKind.class), EnumSet.noneOf(SgxEvent.Kind.class), false, 0, 0),
                new RemoteSession(
                        driver,
                        epc.descriptor(),
                        page -> true,
                        EnumSet.allOf(InterfaceKind.class),
                        new Workload("uid:1"),
                        init -> new byte[0],
                        allowance),
                lanes);
        lanes.connect(session);
        thread = new ServedThread(session, THREAD, new ServedSpace(session, 1, 77, 3), 78);
        thread.execution(program.execution);
        assertThat(program.enter()).isInstanceOf(FaultAnswer.Resume.class);
        assertThat(program.execution.inside()).isTrue();
        frontEnd = Thread.ofPlatform().daemon().start(this::answer);
    }

    @AfterEach
    void end() throws Exception {
        lanes.lost("the test is over");
        frontEnd.join();
        lanes.closeOthers();
        lanes.close();
        driver.close();
        epc.close();
    }

    /** The front end says that it has stopped the thread, and never says that it was interrupted. */
    private void answer() {
        StreamSocket socket = new StreamSocket(lanes.others().remove(/* index */ SessionLanes.CALLS));
        Lane lane = new Lane(
                socket,
                new Lane.Server() {
                    @Override
                    public void serve(Lane on, Op op, In in, Out out) {
                        assertThat(op).isEqualTo(Op.EVICT);
                        assertThat(in.i32()).isEqualTo(THREAD);
                        asked.getAndIncrement();
                    }

                    @Override
                    public void event(In in) {}
                },
                true);
        try {
            lane.serve();
        } finally {
            lane.close();
        }
    }

    @Test
    void aFrontEndThatOnlySaysThatItStopsItLosesItsSession() {
        thread.evict(START, END);

        assertThat(program.execution.inside()).isFalse();
        assertThat(lanes.why()).isEqualTo("a thread that did not leave its enclave");
        // Who waits does not do so in a loop: that many questions take longer than the front end's patience.
        assertThat(asked.get()).isBetween(1, 2000);
    }

    @Test
    void oneWhoseSessionIsLostIsOutsideAndServedNoMore() {
        lanes.lost("the front end is gone");

        thread.evict(START, END);

        assertThat(program.execution.inside()).isFalse();
        assertThat(asked).hasValue(0);
        assertThatExceptionOfType(BadMessage.class)
                .isThrownBy(() -> thread.interrupted(new In(new byte[1000]), new Out()));
    }

    @Test
    void oneThatIsElsewhereIsLeftAlone() {
        thread.evict(END, END + 4096);

        assertThat(program.execution.inside()).isTrue();
        assertThat(asked).hasValue(0);
    }

    @Test
    void itsEndIsAnExitToo() {
        thread.end();

        assertThat(program.execution.inside()).isFalse();
        thread.evict(START, END);
        assertThat(asked).hasValue(0);
    }
}
