package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Enclu;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.struct.Secinfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is left of an enclave that the launch authority had torn down. */
class TeardownTest {

    private static final int PAGES = 32;
    private static final int ROUNDS = 100;
    private static final long RESULT = 0x4242;
    private static final Plan PLAN = Plan.of(4);

    /** Answers what a test tells it to; writes down what it hears. */
    private static final class Judge implements LaunchAuthority {
        private final LaunchAuthority tokens;
        private final List<String> heard = new ArrayList<>();
        private boolean throwing;
        private Runnable onComplete = () -> {};
        private Fate fate = Fate.tearDown(RESULT, "cannot be recorded");

        Judge(LaunchAuthority tokens) {
            this.tokens = tokens;
        }

        @Override
        public Decision decide(LaunchRequest request) {
            return tokens.decide(request);
        }

        @Override
        public Fate complete(LaunchRequest request, Completion completion) {
            heard.add("complete " + completion.result());
            onComplete.run();
            if (throwing) {
                throw new IllegalStateException("no fate");
            }
            return fate;
        }

        @Override
        public void released(long enclave, Workload workload) {
            heard.add("released");
        }
    }

    /** A machine with its judge. */
    private static final class Court implements AutoCloseable {
        private final Machine machine;
        private final Judge judge;

        Court(int pages) {
            List<Judge> judges = new ArrayList<>();
            machine = new Machine(pages, CpuFeatures.SGX2, options -> {
                judges.add(new Judge(options.authority()));
                return options.withAuthority(judges.getFirst());
            });
            judge = judges.getFirst();
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    private static void isDead(Process process, boolean initialized) {
        boolean mainline = process.kind == InterfaceKind.MAINLINE;
        long powerLost = 0x40000000L;
        Errno errno = initialized ? Errno.EINVAL : Errno.EIO;
        assertThat(process.init(PLAN)).isEqualTo(mainline ? errno.result() : powerLost);
        Secinfo secinfo = Secinfo.allocate();
        secinfo.flags(Plan.RW);
        long added = process.add(7L * Plan.PAGE, MemorySegment.ofArray(new byte[Plan.PAGE]), secinfo, 0);
        assertThat(added).isEqualTo(mainline ? errno.result() : powerLost);
        for (long page = process.base; page < process.base + PLAN.size(); page += Plan.PAGE) {
            assertThat(process.space.fault(page, false)).isEqualTo(FaultResult.SIGBUS);
            assertThat(process.space.epcPage(page)).isNegative();
        }
        MemorySegment buffer = MemorySegment.ofArray(new byte[8]);
        long read = process.space.mappings().at(process.base).orElseThrow().access(process.base, buffer, false);
        assertThat(read).isNegative();
    }

    @ParameterizedTest
    @EnumSource
    void itsPagesAreFreeWhenTheCallReturns(InterfaceKind kind) {
        try (Court court = new Court(PAGES)) {
            Process process = court.machine.process(kind).build(PLAN);
            for (Plan.Page page : PLAN.pages()) {
                process.space.fault(process.base + page.offset(), false);
            }
            assertThat(process.init(PLAN)).isEqualTo(RESULT);
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
            for (int page = 0; page < PAGES; page++) {
                assertThat(court.machine.cpu.epcm().valid(page)).isFalse();
            }
            assertThat(process.file.lastRefusal()).isEmpty();
            isDead(process, true);
            process.close();
            // It never lived, so that nobody hears of its end.
            assertThat(court.judge.heard).startsWith("complete 0").doesNotContain("released");
            court.judge.fate = Fate.keep();
            try (Process another = court.machine.process(kind).launch(PLAN)) {
                assertThat(another.read(PLAN.pages().getLast().offset()))
                        .isEqualTo(PLAN.pages().getLast().content());
            }
            assertThat(court.judge.heard).endsWith("complete 0", "released");
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneThatEinitRefusedGoesToo(InterfaceKind kind) {
        try (Court court = new Court(PAGES)) {
            Process process = court.machine.process(kind).build(PLAN);
            var wrong = PLAN.sigstruct(Machine.AUTHOR, s -> s.enclaveHash(new byte[32]));
            assertThat(process.init(wrong, new byte[304])).isEqualTo(RESULT);
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
            court.judge.fate = Fate.keep();
            isDead(process, false);
            process.close();
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
        }
    }

    @ParameterizedTest
    @EnumSource
    void soDoesOneWhoseAuthorityThrows(InterfaceKind kind) {
        try (Court court = new Court(PAGES)) {
            court.judge.throwing = true;
            Process process = court.machine.process(kind).build(PLAN);
            assertThatThrownBy(() -> process.init(PLAN)).hasMessage("no fate");
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
            process.close();
            assertThat(court.judge.heard).containsExactly("complete 0");
        }
    }

    @ParameterizedTest
    @EnumSource
    void soDoesOneOfWhichMostPagesAreEvicted(InterfaceKind kind) {
        Plan large = Plan.of(100);
        try (Court court = new Court(PAGES)) {
            Process process = court.machine.process(kind).build(large);
            assertThat(process.enclave().residentPages()).isLessThan(PAGES);
            assertThat(process.init(large)).isEqualTo(RESULT);
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
            assertThat(process.space.fault(
                            process.base + large.pages().getLast().offset(), false))
                    .isEqualTo(FaultResult.SIGBUS);
            process.close();
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
        }
    }

    /** Between EINIT and the authority's answer it can be entered: whoever is inside then has to leave first. */
    @ParameterizedTest
    @EnumSource
    void aThreadThatIsInsideIsWaitedFor(InterfaceKind kind) throws Exception {
        try (Court court = new Court(PAGES);
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Process process = court.machine.process(kind).build(PLAN);
            List<Future<?>> thread = new ArrayList<>();
            court.judge.onComplete = () -> {
                for (Plan.Page page : PLAN.pages()) {
                    process.space.fault(process.base + page.offset(), false);
                }
                LogicalProcessor processor = new LogicalProcessor(court.machine.cpu, process.space);
                processor.cpl(3);
                assertThat(Enclu.eenter(processor, process.base, 0x1000).isSuccess())
                        .isTrue();
                thread.add(threads.submit(() -> {
                    while (process.space.epcPage(process.base) >= 0) {
                        Thread.onSpinWait();
                    }
                    // An interrupt would make it leave; here it leaves by itself.
                    assertThat(Enclu.eexit(processor, 0x1000).isSuccess()).isTrue();
                }));
            };
            assertThat(process.init(PLAN)).isEqualTo(RESULT);
            thread.getFirst().get();
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
            process.close();
        }
    }

    /** Pages that the reclaimer has at that moment are waited for, and do not come back. */
    @ParameterizedTest
    @EnumSource
    void theReclaimerMayBeAtWorkOnIt(InterfaceKind kind) throws Exception {
        try (Court court = new Court(PAGES)) {
            AtomicBoolean over = new AtomicBoolean();
            Thread reclaimer = new Thread(() -> {
                while (!over.get()) {
                    court.machine.driver.kernel().reclaimer().reclaim();
                }
            });
            reclaimer.start();
            for (int i = 0; i < ROUNDS; i++) {
                try (Process process = court.machine.process(kind).build(PLAN)) {
                    assertThat(process.init(PLAN)).isEqualTo(RESULT);
                    assertThat(process.enclave().residentPages()).isZero();
                }
            }
            over.set(true);
            reclaimer.join();
            assertThat(court.machine.driver.freePages()).isEqualTo(PAGES);
        }
    }
}
