package jsgx.arch.leaf;

import static jsgx.arch.TestMachine.succeeds;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.epc.Epc;
import org.junit.jupiter.api.Test;

/** What leaves the EPC comes back the same. */
class PagingTest {

    private final TestMachine machine = TestMachine.sgx2();
    private final TestEnclave enclave = TestEnclave.create(machine);
    private final Pager pager = new Pager(machine);

    @Test
    void aPageComesBackToAnotherPlaceInTheEpc() {
        byte[] content = new byte[Epc.PAGE_SIZE];
        new Random(1).nextBytes(content);
        int page = enclave.add(0x3000, TestEnclave.RW, content);
        int flags = machine.cpu.epcm().flags(page);
        pager.block(page);

        Pager.Evicted evicted = pager.evict(page);
        assertThat(evicted.linAddr()).isEqualTo(enclave.base() + 0x3000);
        assertThat(machine.cpu.epcm().valid(page)).isFalse();
        assertThat(TestSigner.bytes(evicted.page())).isNotEqualTo(content);

        int other = machine.freePage();
        succeeds(pager.eldu(evicted, other, enclave.secsAt()));
        assertThat(TestSigner.bytes(machine.cpu.epc().page(other))).isEqualTo(content);
        assertThat(machine.cpu.epcm().flags(other)).isEqualTo(flags);
        assertThat(machine.cpu.epcm().enclaveAddress(other)).isEqualTo(enclave.base() + 0x3000);
        assertThat(pager.version(evicted.slot())).isZero();
    }
}
