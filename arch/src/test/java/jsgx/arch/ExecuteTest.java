package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.RegisterFile.Register;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ENCLS and ENCLU with leaf and operands in registers, and what all leaves check first. */
class ExecuteTest {

    private static final long STATUS = 0x8d5;
    private static final long ZF = 0x40;
    private static final long CF = 1;
    private static final long RIP = 0x40_0000;

    private final TestMachine machine = TestMachine.sgx2();
    private final RegisterFile registers = machine.lp.registers();

    private Outcome encls(Leaf leaf, long rbx, long rcx, long rdx) {
        load(leaf.number(), rbx, rcx, rdx);
        return Encls.execute(machine.lp);
    }

    private void load(long eax, long rbx, long rcx, long rdx) {
        // The upper half of RAX plays no part.
        registers.set(Register.RAX, 0x1234_0000_0000L | (eax & 0xffff_ffffL));
        registers.set(Register.RBX, rbx);
        registers.set(Register.RCX, rcx);
        registers.set(Register.RDX, rdx);
        registers.set(Register.RIP, RIP);
        registers.set(Register.RFLAGS, STATUS | 0x202);
    }

    private void left(long rax, long flags, long rip) {
        assertThat(registers.get(Register.RAX)).isEqualTo(rax);
        assertThat(registers.get(Register.RFLAGS)).isEqualTo(0x202 | flags);
        assertThat(registers.get(Register.RIP)).isEqualTo(rip);
    }

    @Test
    void aLeafWithoutACodeLeavesRaxAndTheFlags() {
        assertThat(encls(Leaf.EPA, 3, machine.epc(0), 0).isSuccess()).isTrue();
        left(0x1234_0000_000aL, STATUS, RIP + 3);
    }

    @Test
    void aCodeOfZeroClearsTheFlags() {
        assertThat(encls(Leaf.EREMOVE, 0, machine.epc(0), 0).isSuccess()).isTrue();
        left(0, 0, RIP + 3);
    }

    @Test
    void aCodeComesWithItsFlag() {
        assertThat(encls(Leaf.EBLOCK, 0, machine.epc(0), 0)).isInstanceOf(Outcome.Error.class);
        left(SgxError.PG_INVLD.code(), ZF, RIP + 3);
        TestEnclave enclave = TestEnclave.create(machine);
        assertThat(encls(Leaf.EBLOCK, 0, enclave.secsAt(), 0)).isInstanceOf(Outcome.Error.class);
        left(SgxError.PG_IS_SECS.code(), CF, RIP + 3);
    }

    @Test
    void aFaultLeavesAllAlone() {
        assertThat(encls(Leaf.EPA, 3, machine.epc(0) + 1, 0)).isInstanceOf(Outcome.Faulted.class);
        left(0x1234_0000_000aL, STATUS, RIP);
    }

    @Test
    void outsideSixtyFourBitModeOnlyHalfOfARegisterCounts() {
        machine.lp.mode64(false);
        long wide = 0x7000_0000_0000_0000L;
        assertThat(encls(Leaf.EPA, wide | 3, machine.epc(0), 0))
                .isInstanceOfSatisfying(
                        Outcome.Faulted.class,
                        faulted -> assertThat(faulted.check())
                                .isInstanceOfSatisfying(
                                        AccessCheck.class,
                                        check -> assertThat(check.kind()).isEqualTo(AccessCheck.Kind.MAPPED)));
    }

    @Test
    void anEnclaveRunsByRegistersAlone() {
        TestEnclave enclave = TestEnclave.create(machine);
        enclave.add(0, TestEnclave.RX, new byte[0]);
        enclave.addTcs(0x1000, 0x2000);
        enclave.add(0x2000, TestEnclave.RW, new byte[0]);
        enclave.secsInEpc().attributes(enclave.attributes().with(Attributes.INIT));
        machine.lp.cpl(3);

        load(Leaf.EENTER.number(), enclave.base() + 0x1000, 0x1111, 0);
        assertThat(Enclu.execute(machine.lp).isSuccess()).isTrue();
        assertThat(registers.get(Register.RAX)).isZero();
        assertThat(registers.get(Register.RCX)).isEqualTo(RIP + 3);
        assertThat(registers.get(Register.RIP)).isEqualTo(enclave.base());
        assertThat(registers.get(Register.RFLAGS)).isEqualTo(STATUS | 0x202);

        load(Leaf.EGETKEY.number(), enclave.base() + 8, 0, 0);
        assertThat(Enclu.execute(machine.lp)).isInstanceOf(Outcome.Faulted.class);
        left(0x1234_0000_0001L, STATUS, RIP);

        load(Leaf.EEXIT.number(), 0x2222, 0, 0);
        assertThat(Enclu.execute(machine.lp).isSuccess()).isTrue();
        left(0x1234_0000_0004L, STATUS, 0x2222);
        assertThat(registers.get(Register.RCX)).isEqualTo(0x1111);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0x14, 0x40, 0x7fff_ffff})
    void anUnknownLeafOfEnclsIsAGeneralProtectionFault(int eax) {
        load(eax, 0, 0, 0);
        unknown(Encls.execute(machine.lp), Leaf.UNKNOWN_ENCLS);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 8, 10, 0x7fff_ffff})
    void anUnknownLeafOfEncluIsAGeneralProtectionFault(int eax) {
        machine.lp.cpl(3);
        load(eax, 0, 0, 0);
        unknown(Enclu.execute(machine.lp), Leaf.UNKNOWN_ENCLU);
    }

    private static void unknown(Outcome outcome, Leaf leaf) {
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Faulted.class, faulted -> {
            assertThat(faulted.check()).isEqualTo(new AccessCheck(leaf, AccessCheck.Kind.LEAF_EXISTS));
            assertThat(faulted.fault()).isEqualTo(Fault.gp());
        });
    }

    @ParameterizedTest
    @EnumSource(
            value = Leaf.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"UNKNOWN_ENCLS", "UNKNOWN_ENCLU"})
    void everyLeafHasItsNumber(Leaf leaf) {
        assertThat(Leaf.of(leaf.instruction(), leaf.number())).isSameAs(leaf);
    }

    @ParameterizedTest
    @EnumSource(Leaf.class)
    void thePrivilegeIsCheckedFirst(Leaf leaf) {
        boolean kernel = leaf.instruction() == Leaf.Instruction.ENCLS;
        machine.lp.cpl(kernel ? 3 : 0);
        machine.lp.featureControl(0);
        Outcome outcome = kernel ? Encls.execute(machine.lp, leaf, 1, 1, 1) : Enclu.execute(machine.lp, leaf, 1, 1, 1);
        fault(outcome, leaf, AccessCheck.Kind.PRIVILEGE, Fault.ud());
    }

    @ParameterizedTest
    @EnumSource(Leaf.class)
    void thenWhetherFirmwareEnabledSgx(Leaf leaf) {
        boolean kernel = leaf.instruction() == Leaf.Instruction.ENCLS;
        machine.lp.cpl(kernel ? 0 : 3);
        for (long control :
                new long[] {0, LogicalProcessor.FEATURE_CONTROL_LOCK, LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE}) {
            machine.lp.featureControl(control);
            Outcome outcome =
                    kernel ? Encls.execute(machine.lp, leaf, 1, 1, 1) : Enclu.execute(machine.lp, leaf, 1, 1, 1);
            fault(outcome, leaf, AccessCheck.Kind.ENABLED, Fault.gp());
        }
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "EACCEPT",
                "EACCEPTCOPY",
                "EMODPE",
                "EDECCSSA",
                "EAUG",
                "EMODPR",
                "EMODT",
                "ERDINFO",
                "ETRACKC",
                "ELDBC",
                "ELDUC",
                "EUPDATESVN"
            })
    void thenWhetherTheProcessorHasTheLeaf(Leaf leaf) {
        TestMachine old = TestMachine.of(CpuFeatures.SGX1);
        boolean kernel = leaf.instruction() == Leaf.Instruction.ENCLS;
        old.lp.cpl(kernel ? 0 : 3);
        Outcome outcome = kernel ? Encls.execute(old.lp, leaf, 1, 1, 1) : Enclu.execute(old.lp, leaf, 1, 1, 1);
        fault(outcome, leaf, AccessCheck.Kind.LEAF_EXISTS, Fault.gp());
    }

    @ParameterizedTest
    @EnumSource(names = {"EREPORT", "EGETKEY", "EEXIT", "EACCEPT", "EACCEPTCOPY", "EMODPE", "EDECCSSA"})
    void outsideAnEnclaveThereIsOnlyEntry(Leaf leaf) {
        machine.lp.cpl(3);
        fault(Enclu.execute(machine.lp, leaf, 1, 1, 1), leaf, AccessCheck.Kind.ENCLAVE_MODE, Fault.gp());
    }

    @ParameterizedTest
    @EnumSource(names = {"EENTER", "ERESUME"})
    void insideAnEnclaveThereIsNoEntry(Leaf leaf) {
        TestEnclave enclave = TestEnclave.create(machine);
        enclave.addTcs(0x1000, 0x2000);
        enclave.add(0x2000, TestEnclave.RW, new byte[Epc.PAGE_SIZE]);
        enclave.secsInEpc().attributes(enclave.attributes().with(Attributes.INIT));
        machine.lp.cpl(3);
        TestMachine.succeeds(Enclu.eenter(machine.lp, enclave.base() + 0x1000, 0));
        fault(Enclu.execute(machine.lp, leaf, 1, 1, 1), leaf, AccessCheck.Kind.ENCLAVE_MODE, Fault.gp());
    }

    private static void fault(Outcome outcome, Leaf leaf, AccessCheck.Kind kind, Fault fault) {
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Faulted.class, faulted -> {
            assertThat(faulted.check()).isEqualTo(new AccessCheck(leaf, kind));
            assertThat(faulted.fault()).isEqualTo(fault);
            assertThat(faulted.expected()).isNotBlank().isNotEqualTo(faulted.found());
        });
    }
}
