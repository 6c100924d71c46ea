package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import jsgx.arch.CpuFeatures;
import jsgx.arch.struct.Secinfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever fails, an enclave that is gone leaves no EPC page and no charge behind. */
class LeakTest {

    private static final int PAGES = 24;

    @ParameterizedTest
    @EnumSource
    void aRefusedChargeLeavesNothingBehindAtWhicheverPage(InterfaceKind kind) {
        Plan plan = Plan.of(4);
        for (int room = 0; room < plan.pages().size() + 3; room++) {
            Scenario.Limit limit = new Scenario.Limit();
            try (Machine machine = new Machine(PAGES, CpuFeatures.SGX2, options -> options.withAccount(limit))) {
                limit.set(room);
                long result = build(machine, kind, plan);
                // SECS, version array and one page must be in the EPC; for the other pages the workload's own make
                // room.
                assertThat(result).isEqualTo(room < 3 ? Errno.ENOMEM.result() : 0);
                assertThat(machine.driver.freePages()).isEqualTo(PAGES);
                assertThat(limit.charge(Machine.WORKLOAD, room)).isTrue();
                assertThat(limit.charge(Machine.WORKLOAD, 1)).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLeafThatFaultsLeavesNothingBehindAtWhicheverPage(InterfaceKind kind) {
        Plan plan = Plan.of(4);
        for (int broken = 0; broken < plan.pages().size() + 2; broken++) {
            long hidden = jsgx.arch.KernelMemory.epcAddress(broken);
            FaultyMemory memory = new FaultyMemory();
            try (Machine machine = new Machine(
                    PAGES,
                    CpuFeatures.SGX2,
                    options -> options.withFirmware(options.firmware().andThen(memory::install)))) {
                memory.hole(address -> address == hidden);
                long result = build(machine, kind, plan);
                assertThat(result).as("page %d", broken).isNotZero();
                // EREMOVE of the hidden page cannot work, and mainline leaks the page then.
                int leaked = kind == InterfaceKind.MAINLINE ? 1 : 0;
                assertThat(machine.driver.freePages()).isGreaterThanOrEqualTo(PAGES - leaked);
            }
        }
    }

    /** Builds an enclave as far as it goes, and ends the process; the first result that is not 0. */
    private static long build(Machine machine, InterfaceKind kind, Plan plan) {
        try (Process process = machine.process(kind)) {
            process.reserve(plan.size());
            long result = process.create(plan.secs(process.base));
            for (Plan.Page page : plan.pages()) {
                if (result != 0) {
                    return result;
                }
                result = process.add(page);
            }
            return result != 0 ? result : process.init(plan);
        }
    }

    @ParameterizedTest
    @EnumSource
    void powerLossMakesRoomForTheSameEnclaveAgain(InterfaceKind kind) {
        Plan plan = Plan.of(40);
        try (Machine machine = new Machine(32)) {
            Process lost = machine.process(kind).launch(plan);
            machine.driver.powerLoss();
            Plan.Page page = plan.pages().getLast();
            switch (kind) {
                case MAINLINE -> {
                    // The kernel does not know; loading a page finds out.
                    assertThat(lost.init(plan)).isEqualTo(Errno.EINVAL.result());
                    byte[] content = new byte[8];
                    long read = lost.space
                            .mappings()
                            .at(lost.base)
                            .orElseThrow()
                            .access(lost.base + Plan.PAGE, MemorySegment.ofArray(content), false);
                    assertThat(read).isIn(Errno.EIO.result(), Errno.EFAULT.result());
                }
                case V5, ISGX -> {
                    assertThat(lost.init(plan)).isEqualTo(0x40000000L);
                    assertThat(lost.add(page)).isEqualTo(0x40000000L);
                    assertThat(lost.space.fault(lost.base + page.offset(), false))
                            .isEqualTo(FaultResult.SIGBUS);
                }
            }
            lost.close();
            assertThat(machine.driver.freePages()).isEqualTo(32);
            try (Process again = machine.process(kind).launch(plan)) {
                assertThat(again.read(page.offset())).isEqualTo(page.content());
            }
            assertThat(machine.driver.freePages()).isEqualTo(32);
        }
    }

    @ParameterizedTest
    @EnumSource
    void powerLossInTheMiddleOfABuildEndsItAsTheDriverDoes(InterfaceKind kind) {
        Plan plan = Plan.of(4);
        try (Machine machine = new Machine(PAGES)) {
            Process process = machine.process(kind).build(plan);
            machine.driver.powerLoss();
            Secinfo secinfo = Secinfo.allocate();
            secinfo.flags(Plan.RW);
            long added = process.add(6L * Plan.PAGE, MemorySegment.ofArray(new byte[Plan.PAGE]), secinfo, 0);
            boolean mainline = kind == InterfaceKind.MAINLINE;
            assertThat(added).isEqualTo(mainline ? Errno.EIO.result() : 0x40000000L);
            assertThat(process.init(plan)).isEqualTo(mainline ? Errno.EIO.result() : 0x40000000L);
            process.close();
            assertThat(machine.driver.freePages()).isEqualTo(PAGES);
        }
    }
}
