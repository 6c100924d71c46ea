package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.CpuFeatures;
import jsgx.arch.epc.Epc;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LaunchTest {

    @ParameterizedTest
    @EnumSource
    void anEnclaveIsBuiltInitialisedReadAndGone(InterfaceKind kind) {
        try (Machine machine = new Machine(64)) {
            Plan plan = Plan.of(5);
            try (Process process = machine.process(kind).launch(plan)) {
                assertThat(process.enclave().isInitialized()).isTrue();
                assertThat(process.enclave().pages()).isEqualTo(7);
                assertThat(process.enclave().residentPages()).isEqualTo(7);
                assertThat(machine.driver.freePages()).isEqualTo(64 - 9);
                for (Plan.Page page : plan.pages().subList(1, 7)) {
                    assertThat(process.read(page.offset())).isEqualTo(page.content());
                }
            }
            assertThat(machine.driver.freePages()).isEqualTo(64);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEnclaveLargerThanTheEpcKeepsItsContent(InterfaceKind kind) {
        try (Machine machine = new Machine(64)) {
            Plan plan = Plan.of(1000);
            try (Process process = machine.process(kind).launch(plan)) {
                assertThat(process.enclave().pages()).isEqualTo(1002);
                assertThat(process.enclave().residentPages()).isLessThan(64);
                for (Plan.Page page : plan.pages().subList(1, 1002)) {
                    assertThat(process.read(page.offset())).isEqualTo(page.content());
                }
            }
            assertThat(machine.driver.freePages()).isEqualTo(64);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEnclaveMayLieInSeveralSections(InterfaceKind kind) {
        Epc epc = Epc.allocate(4L * Plan.PAGE, 8L * Plan.PAGE, 2L * Plan.PAGE);
        try (Machine machine = new Machine(epc, CpuFeatures.SGX2, options -> options)) {
            Plan plan = Plan.of(10);
            try (Process process = machine.process(kind).launch(plan)) {
                assertThat(machine.driver.freePages()).isZero();
                for (Plan.Page page : plan.pages().subList(1, 12)) {
                    assertThat(process.read(page.offset())).isEqualTo(page.content());
                }
            }
            assertThat(machine.driver.freePages()).isEqualTo(14);
        }
    }
}
