package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.Stream;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What ENCLS asks before any leaf, and how it leaves the registers. */
class InstructionsTest {

    private static final long ALL_STATUS_FLAGS = 0x8d5;
    private static final long OTHER_FLAGS = 0x202;

    static Stream<Leaf> encls() {
        return Arrays.stream(Leaf.values()).filter(leaf -> leaf.instruction() == Leaf.Instruction.ENCLS);
    }

    @ParameterizedTest
    @MethodSource("encls")
    void enclsIsAnUndefinedInstructionAboveLevelZero(Leaf leaf) {
        LogicalProcessor lp = TestMachine.sgx2().lp;
        lp.cpl(3);

        refused(lp, leaf, AccessCheck.Kind.PRIVILEGE, Fault.ud());
    }

    @ParameterizedTest
    @MethodSource("encls")
    void firmwareMustEnableAndLockSgx(Leaf leaf) {
        LogicalProcessor lp = TestMachine.sgx2().lp;
        lp.featureControl(LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE);
        refused(lp, leaf, AccessCheck.Kind.ENABLED, Fault.gp());
        lp.featureControl(LogicalProcessor.FEATURE_CONTROL_LOCK);
        refused(lp, leaf, AccessCheck.Kind.ENABLED, Fault.gp());
    }

    @ParameterizedTest
    @EnumSource(names = {"EAUG", "EMODPR", "EMODT", "ERDINFO", "ETRACKC", "ELDBC", "ELDUC", "EUPDATESVN"})
    void aProcessorOfTheFirstGenerationLacksTheNewLeaves(Leaf leaf) {
        refused(TestMachine.of(CpuFeatures.SGX1).lp, leaf, AccessCheck.Kind.LEAF_EXISTS, Fault.gp());
    }

    @Test
    void aLeafOfTheOtherInstructionIsNone() {
        refused(TestMachine.sgx2().lp, Leaf.EENTER, AccessCheck.Kind.LEAF_EXISTS, Fault.gp());
        refused(TestMachine.sgx2().lp, Leaf.UNKNOWN_ENCLS, AccessCheck.Kind.LEAF_EXISTS, Fault.gp());
    }

    @ParameterizedTest
    @MethodSource("encls")
    void leavesHaveTheManualsNumbers(Leaf leaf) {
        if (leaf != Leaf.UNKNOWN_ENCLS) {
            assertThat(Leaf.of(Leaf.Instruction.ENCLS, leaf.number())).isEqualTo(leaf);
        }
    }

    @Test
    void successWithoutCodeTouchesNoFlagAndNotRax() {
        TestMachine machine = machineAt(Leaf.EPA);
        machine.lp.registers().set(Register.RBX, PageType.VA.code());
        machine.lp.registers().set(Register.RCX, machine.epc(0));

        assertThat(Encls.execute(machine.lp).isSuccess()).isTrue();
        assertThat(machine.lp.registers().get(Register.RAX)).isEqualTo(Leaf.EPA.number());
        assertThat(machine.lp.registers().get(Register.RFLAGS)).isEqualTo(ALL_STATUS_FLAGS | OTHER_FLAGS);
        assertThat(machine.lp.registers().get(Register.RIP)).isEqualTo(0x1003);
    }

    @Test
    void successWithCodeClearsTheStatusFlagsAndRax() {
        TestMachine machine = machineAt(Leaf.EREMOVE);
        machine.lp.registers().set(Register.RCX, machine.epc(0));

        assertThat(Encls.execute(machine.lp).isSuccess()).isTrue();
        assertThat(machine.lp.registers().get(Register.RAX)).isZero();
        assertThat(machine.lp.registers().get(Register.RFLAGS)).isEqualTo(OTHER_FLAGS);
        assertThat(machine.lp.registers().get(Register.RIP)).isEqualTo(0x1003);
    }

    @Test
    void anErrorIsInRaxAndZf() {
        TestMachine machine = machineAt(Leaf.EREMOVE);
        TestEnclave enclave = TestEnclave.create(machine);
        enclave.add(0, TestEnclave.RX, new byte[0]);
        machine.lp.registers().set(Register.RCX, enclave.secsAt());

        assertThat(Encls.execute(machine.lp).isSuccess()).isFalse();
        assertThat(machine.lp.registers().get(Register.RAX)).isEqualTo(SgxError.CHILD_PRESENT.code());
        assertThat(machine.lp.registers().get(Register.RFLAGS)).isEqualTo(OTHER_FLAGS | 0x40);
        assertThat(machine.lp.registers().get(Register.RIP)).isEqualTo(0x1003);
    }

    @Test
    void aFaultLeavesAllRegisters() {
        TestMachine machine = machineAt(Leaf.EREMOVE);
        machine.lp.registers().set(Register.RCX, machine.epc(0) + 1);

        assertThat(Encls.execute(machine.lp)).isInstanceOf(Outcome.Faulted.class);
        assertThat(machine.lp.registers().get(Register.RAX)).isEqualTo(Leaf.EREMOVE.number());
        assertThat(machine.lp.registers().get(Register.RFLAGS)).isEqualTo(ALL_STATUS_FLAGS | OTHER_FLAGS);
        assertThat(machine.lp.registers().get(Register.RIP)).isEqualTo(0x1000);
    }

    private static TestMachine machineAt(Leaf leaf) {
        TestMachine machine = TestMachine.sgx2();
        machine.lp.registers().set(Register.RAX, leaf.number());
        machine.lp.registers().set(Register.RFLAGS, ALL_STATUS_FLAGS | OTHER_FLAGS);
        machine.lp.registers().set(Register.RIP, 0x1000);
        return machine;
    }

    private static void refused(LogicalProcessor lp, Leaf leaf, AccessCheck.Kind kind, Fault fault) {
        assertThat(Encls.execute(lp, leaf, 0, 0, 0)).isInstanceOfSatisfying(Outcome.Faulted.class, faulted -> {
            assertThat(faulted.check()).isEqualTo(new AccessCheck(leaf, kind));
            assertThat(faulted.fault()).isEqualTo(fault);
        });
    }
}
