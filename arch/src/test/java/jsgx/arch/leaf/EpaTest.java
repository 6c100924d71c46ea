package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Encls;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import org.junit.jupiter.api.Test;

class EpaTest extends LeafChecks<Epa.Check, LeafCall> {

    EpaTest() {
        super(Epa.Check.class);
        gp(Epa.Check.RBX_PT_VA, call -> call.rbx = PageType.REG.code());
        gp(Epa.Check.PAGE_ALIGNED, call -> call.rcx += 512);
        pf(Epa.Check.PAGE_IN_EPC, call -> call.rcx, call -> call.rcx = call.machine.sourceAt);
        gp(Epa.Check.PAGE_FREE, call -> call.holdShared(() -> 0));
        pf(Epa.Check.EPCM_INVALID, call -> call.rcx, LeafCall::run);
        operand("RCX", (call, address) -> call.rcx = address);
    }

    @Override
    LeafCall call() {
        TestMachine machine = TestMachine.sgx2();
        LeafCall call = new LeafCall(machine, Leaf.EPA);
        call.rbx = PageType.VA.code();
        call.rcx = machine.epc(0);
        return call;
    }

    @Test
    void thePageIsAnEmptyVersionArray() {
        LeafCall call = call();
        call.machine.cpu.epc().page(0).fill((byte) 0x5a);

        assertThat(call.run()).isEqualTo(new Outcome.Success(Leaf.EPA, Outcome.Flags.UNCHANGED));
        assertThat(Bytes.isZero(call.machine.cpu.epc().page(0))).isTrue();
        assertThat(call.epcm().flags(0)).isEqualTo(Epcm.VALID | PageType.VA.code() << Epcm.PT_SHIFT);
        assertThat(call.epcm().enclaveAddress(0)).isZero();
        assertThat(call.epcm().enclaveSecs(0)).isEqualTo(Epcm.NO_SECS);
    }

    @Test
    void nothingOfAnEarlierPageStays() {
        TestMachine machine = TestMachine.sgx2();
        TestEnclave enclave = TestEnclave.create(machine);
        int page = enclave.add(0, TestEnclave.RX, new byte[] {1, 2, 3});
        TestMachine.succeeds(Encls.eremove(machine.lp, machine.epc(page)));

        TestMachine.succeeds(Encls.epa(machine.lp, PageType.VA.code(), machine.epc(page)));
        assertThat(Bytes.isZero(machine.cpu.epc().page(page))).isTrue();
        assertThat(machine.cpu.epcm().enclaveSecs(page)).isEqualTo(Epcm.NO_SECS);
    }
}
