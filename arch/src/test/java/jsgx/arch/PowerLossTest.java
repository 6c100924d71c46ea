package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import org.junit.jupiter.api.Test;

/** Suspend to memory, or the migration of a machine: the EPC is gone, and every leaf says so. */
class PowerLossTest {

    private final TestMachine machine = TestMachine.sgx2();
    private final TestEnclave enclave = TestEnclave.create(machine);
    private final int page = enclave.add(0, TestEnclave.RX, new byte[] {1});

    @Test
    void nothingInTheEpcIsLeft() {
        machine.cpu.powerLoss();

        for (int i = 0; i < machine.cpu.epc().pages(); i++) {
            assertThat(machine.cpu.epcm().valid(i)).isFalse();
            assertThat(machine.cpu.secs(i)).isNull();
        }
    }

    @Test
    void leavesOnLostPagesFault() {
        enclave.init();
        machine.cpu.powerLoss();

        pageFault(Encls.eextend(machine.lp, enclave.secsAt(), machine.epc(page)), machine.epc(page));
        pageFault(Encls.edbgrd(machine.lp, machine.epc(page)), machine.epc(page));
        pageFault(Encls.etrack(machine.lp, enclave.secsAt()), enclave.secsAt());
        assertThat(Encls.eblock(machine.lp, machine.epc(page)))
                .isInstanceOfSatisfying(
                        Outcome.Error.class, error -> assertThat(error.code()).isEqualTo(SgxError.PG_INVLD));
        TestMachine.succeeds(Encls.eremove(machine.lp, machine.epc(page)));
        TestMachine.succeeds(Encls.eremove(machine.lp, enclave.secsAt()));
    }

    @Test
    void anUnfinishedEnclaveCannotGoOn() {
        machine.cpu.powerLoss();
        machine.pageinfo.linAddr(enclave.base() + 0x1000);
        machine.secinfo.flags(TestEnclave.RW);

        pageFault(Encls.eadd(machine.lp, machine.pageinfoAt, machine.epc(machine.freePage())), enclave.secsAt());
        machine.sigstruct.memory().copyFrom(enclave.sigstruct(TestSigner.AUTHOR).memory());
        pageFault(Encls.einit(machine.lp, machine.sigstructAt, enclave.secsAt(), machine.tokenAt), enclave.secsAt());
    }

    @Test
    void theEnclaveCanBeBuiltAgainAndItsKeysAreTheSame() {
        byte[] seal = machine.cpu.sealFuses();
        byte[] epoch = machine.cpu.ownerEpoch();
        byte[] reportKeyId = machine.cpu.reportKeyId();
        machine.cpu.powerLoss();
        TestEnclave again = TestEnclave.create(machine);
        again.add(0, TestEnclave.RX, new byte[] {1});
        again.init();

        assertThat(again.mrEnclave()).isEqualTo(enclave.mrEnclave());
        assertThat(machine.cpu.sealFuses()).isEqualTo(seal);
        assertThat(machine.cpu.ownerEpoch()).isEqualTo(epoch);
        assertThat(machine.cpu.reportKeyId()).isNotEqualTo(reportKeyId);
    }

    @Test
    void versionArraysAreLostToo() {
        int va = machine.freePage();
        TestMachine.succeeds(Encls.epa(machine.lp, PageType.VA.code(), machine.epc(va)));
        machine.cpu.powerLoss();

        TestMachine.succeeds(Encls.epa(machine.lp, PageType.VA.code(), machine.epc(va)));
    }

    private static void pageFault(Outcome outcome, long address) {
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Faulted.class, faulted -> {
            assertThat(faulted.fault().vector()).isEqualTo(Fault.Vector.PF);
            assertThat(faulted.fault().address()).isEqualTo(address);
        });
    }
}
