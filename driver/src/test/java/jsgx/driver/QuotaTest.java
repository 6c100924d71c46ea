package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import jsgx.arch.CpuFeatures;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.core.Reclaimer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A workload that is at its limit pays with its own pages, and with nobody else's. */
class QuotaTest {

    private static final int EPC = 256;
    private static final int LIMIT = 24;
    private static final Workload GREEDY = new Workload("greedy");
    private static final Workload MODEST = new Workload("modest");
    private static final Plan PLAN = Plan.of(60);

    /** An account with a limit for each workload, that remembers the highest balance. */
    private static final class Limits implements EpcAccount {
        private final Map<Workload, Integer> balance = new HashMap<>();
        private final Map<Workload, Integer> peak = new HashMap<>();

        /** How many pages of a workload may lie outside of the EPC before it gets no more. */
        private volatile long most = Long.MAX_VALUE;

        @Override
        public synchronized boolean charge(Workload workload, int pages) {
            int now = balance.getOrDefault(workload, 0) + pages;
            if (workload.equals(GREEDY) && now > LIMIT) {
                return false;
            }
            balance.put(workload, now);
            peak.merge(workload, now, Math::max);
            return true;
        }

        @Override
        public boolean admits(Workload workload, long reclaimed) {
            return reclaimed < most;
        }

        @Override
        public synchronized void uncharge(Workload workload, int pages) {
            balance.merge(workload, -pages, Integer::sum);
        }

        synchronized int balance(Workload workload) {
            return balance.getOrDefault(workload, 0);
        }

        synchronized int peak(Workload workload) {
            return peak.getOrDefault(workload, 0);
        }
    }

    private final Limits limits = new Limits();

    private Machine machine() {
        return new Machine(EPC, CpuFeatures.SGX2, options -> options.withAccount(limits));
    }

    private static Process process(Machine machine, InterfaceKind kind, Workload workload) throws Exception {
        DeviceFile file = machine.driver.device(kind).open(workload);
        return new Process(machine, kind, new EmbeddedAddressSpace(), file);
    }

    @ParameterizedTest
    @EnumSource
    void aProgramThatOnlyAddsPagesStaysBelowItsLimitAndItsNeighbourIsUntouched(InterfaceKind kind) throws Exception {
        Plan modest = Plan.of(30);
        try (Machine machine = machine();
                Process neighbour = process(machine, kind, MODEST).launch(modest)) {
            int before = limits.balance(MODEST);
            Process process = process(machine, kind, GREEDY);
            process.reserve(4096L * Plan.PAGE);
            Plan endless = new Plan(4096L * Plan.PAGE);
            assertThat(process.create(endless.secs(process.base))).isZero();
            Secinfo secinfo = Secinfo.allocate();
            secinfo.flags(Plan.RW);
            MemorySegment content = MemorySegment.ofArray(new byte[Plan.PAGE]);
            for (int i = 0; i < 1000; i++) {
                assertThat(process.add((long) i * Plan.PAGE, content, secinfo, 0))
                        .isZero();
                assertThat(machine.driver.freePages()).isGreaterThanOrEqualTo(EPC - before - LIMIT);
            }
            // There is plenty of EPC: nobody but the one at its limit was reclaimed from.
            assertThat(neighbour.enclave().residentPages()).isEqualTo(32);
            assertThat(limits.peak(GREEDY)).isEqualTo(LIMIT);
            assertThat(limits.balance(MODEST)).isEqualTo(before);
            process.close();
            assertThat(limits.balance(GREEDY)).isZero();
            assertThat(machine.driver.freePages()).isEqualTo(EPC - before);
        }
        assertThat(limits.balance(MODEST)).isZero();
    }

    /** What leaves the EPC lies in the memory of whoever runs the driver. */
    @ParameterizedTest
    @EnumSource
    void aProgramThatAddsPagesWithoutEndIsStoppedWhereTooManyAreOutOfTheEpc(InterfaceKind kind) throws Exception {
        limits.most = 50;
        try (Machine machine = machine()) {
            for (int attempt = 0; attempt < 2; attempt++) {
                Process process = process(machine, kind, GREEDY);
                process.reserve(4096L * Plan.PAGE);
                assertThat(process.create(new Plan(4096L * Plan.PAGE).secs(process.base)))
                        .isZero();
                Secinfo secinfo = Secinfo.allocate();
                secinfo.flags(Plan.RW);
                MemorySegment content = MemorySegment.ofArray(new byte[Plan.PAGE]);
                int added = 0;
                long result = 0;
                while (result == 0 && added < 1000) {
                    result = process.add((long) added * Plan.PAGE, content, secinfo, 0);
                    added++;
                }
                assertThat(result).isEqualTo(Errno.ENOMEM.result());
                // Another attempt finds the same room: what an enclave had outside is given back with it.
                assertThat(added).isBetween(50, 50 + LIMIT + Reclaimer.SCAN);
                try (Process neighbour = process(machine, kind, MODEST)) {
                    assertThat(neighbour.launch(Plan.of(30)).enclave().isInitialized())
                            .as("another workload's enclave")
                            .isTrue();
                }
                process.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEnclaveLargerThanTheLimitKeepsItsContent(InterfaceKind kind) throws Exception {
        try (Machine machine = machine();
                Process process = process(machine, kind, GREEDY).launch(PLAN)) {
            for (Plan.Page page : PLAN.pages().subList(1, PLAN.pages().size())) {
                assertThat(process.read(page.offset())).isEqualTo(page.content());
                assertThat(process.space.fault(process.base + page.offset(), false))
                        .isEqualTo(FaultResult.NOPAGE);
            }
            assertThat(limits.peak(GREEDY)).isEqualTo(LIMIT);
        }
        assertThat(limits.balance(GREEDY)).isZero();
    }

    /** EAUG in a page fault: the page comes once the process has paid with others. */
    @ParameterizedTest
    @EnumSource(names = {"MAINLINE", "ISGX"})
    void anEnclaveThatGrowsByFaultsStaysBelowItsLimit(InterfaceKind kind) throws Exception {
        Plan plan = new Plan(128L * Plan.PAGE);
        Plan.of(1).pages().forEach(page -> plan.page(page.offset(), page.flags(), page.content(), page.mask()));
        try (Machine machine = machine();
                Process neighbour = process(machine, kind, MODEST).launch(Plan.of(30));
                Process process = process(machine, kind, GREEDY).launch(plan)) {
            process.space.protect(process.base, plan.size(), AddressSpace.PROT_READ | AddressSpace.PROT_WRITE);
            for (long page = process.base + 3L * Plan.PAGE; page < process.base + plan.size(); page += Plan.PAGE) {
                int tries = 0;
                while (process.space.epcPage(page) < 0) {
                    FaultResult result = process.space.fault(page, false);
                    assertThat(result).isEqualTo(FaultResult.NOPAGE);
                    assertThat(++tries).as("a fault without end").isLessThan(1000);
                }
            }
            assertThat(process.enclave().pages()).isEqualTo(128);
            assertThat(limits.peak(GREEDY)).isEqualTo(LIMIT);
            assertThat(neighbour.enclave().residentPages()).isEqualTo(32);
        }
    }

    /** The parent goes, a child that it forked stays and has the mapping: the enclave lives on. */
    @ParameterizedTest
    @EnumSource
    void aProgramThatLeaksEnclavesByForkIsBoundedAndFreed(InterfaceKind kind) throws Exception {
        try (Machine machine = machine();
                Process neighbour = process(machine, kind, MODEST).launch(Plan.of(30))) {
            int before = limits.balance(MODEST);
            List<EmbeddedAddressSpace> children = new ArrayList<>();
            long refused = 0;
            while (refused == 0) {
                Process parent = process(machine, kind, GREEDY);
                refused = launch(parent);
                children.add(fork(parent));
                parent.close();
                assertThat(children).as("leaks without end").hasSizeLessThan(EPC);
                assertThat(machine.driver.freePages()).isGreaterThanOrEqualTo(EPC - before - LIMIT);
            }
            assertThat(refused).isEqualTo(Errno.ENOMEM.result());
            assertThat(children).hasSizeGreaterThan(2);
            assertThat(limits.peak(GREEDY)).isLessThanOrEqualTo(LIMIT);
            assertThat(limits.balance(GREEDY)).isPositive();
            assertThat(neighbour.enclave().residentPages()).isEqualTo(32);
            for (EmbeddedAddressSpace child : children) {
                for (DeviceMapping mapping : child.mappings().all()) {
                    child.unmap(mapping.start(), mapping.end() - mapping.start());
                }
            }
            assertThat(limits.balance(GREEDY)).isZero();
            assertThat(machine.driver.freePages()).isEqualTo(EPC - before);
        }
    }

    private static long launch(Process process) {
        Plan plan = Plan.of(4);
        process.reserve(plan.size());
        long result = process.create(plan.secs(process.base));
        for (Plan.Page page : plan.pages()) {
            result = result == 0 ? process.add(page) : result;
        }
        return result == 0 ? process.init(plan) : result;
    }

    private static EmbeddedAddressSpace fork(Process parent) {
        EmbeddedAddressSpace child = new EmbeddedAddressSpace();
        for (DeviceMapping mapping : parent.space.mappings().all()) {
            DeviceMapping copy = new DeviceMapping(
                    child,
                    mapping.start(),
                    mapping.end(),
                    mapping.offset(),
                    mapping.protection(),
                    mapping.operations());
            copy.enclave(mapping.enclave().orElse(null));
            child.mappings().insert(copy);
            mapping.operations().opened(copy);
        }
        return child;
    }

    /** A workload at its limit with nothing to reclaim hears so at once, whatever others are doing. */
    @Test
    void nobodyWaitsForAnotherWorkload() throws Exception {
        try (Machine machine = machine();
                Process neighbour =
                        process(machine, InterfaceKind.MAINLINE, MODEST).launch(Plan.of(30))) {
            limits.balance.put(GREEDY, LIMIT);
            CountDownLatch isolated = new CountDownLatch(1);
            CountDownLatch over = new CountDownLatch(1);
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Future<?> holds = threads.submit(() -> {
                    // A lock of a neighbour's enclave, for as long as the test takes.
                    var lock = ((jsgx.driver.core.Enclave) neighbour.enclave()).lock();
                    lock.lock();
                    try {
                        isolated.countDown();
                        over.await();
                    } finally {
                        lock.unlock();
                    }
                    return null;
                });
                isolated.await();
                try (Process process = process(machine, InterfaceKind.MAINLINE, GREEDY)) {
                    process.reserve(PLAN.size());
                    Future<Long> result = threads.submit(() -> process.create(PLAN.secs(process.base)));
                    assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo(Errno.ENOMEM.result());
                } finally {
                    over.countDown();
                }
                holds.get();
            }
            limits.balance.put(GREEDY, 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void twoProgramsOfOneWorkloadShareItsLimit(InterfaceKind kind) throws Exception {
        try (Machine machine = machine();
                var threads = Executors.newFixedThreadPool(2)) {
            List<Future<Void>> done = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                int seed = i;
                done.add(threads.submit(() -> {
                    for (int round = 0; round < 10; round++) {
                        Plan plan = Plan.of(20, 10L * seed + round);
                        try (Process process = process(machine, kind, GREEDY).launch(plan)) {
                            for (Plan.Page page :
                                    plan.pages().subList(1, plan.pages().size())) {
                                assertThat(process.read(page.offset())).isEqualTo(page.content());
                            }
                        }
                    }
                    return null;
                }));
            }
            for (Future<Void> future : done) {
                future.get();
            }
            assertThat(machine.driver.freePages()).isEqualTo(EPC);
        }
        assertThat(limits.peak(GREEDY)).isLessThanOrEqualTo(LIMIT);
        assertThat(limits.balance(GREEDY)).isZero();
    }
}
