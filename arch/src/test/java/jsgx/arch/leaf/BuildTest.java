package jsgx.arch.leaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jsgx.arch.CpuFeatures;
import jsgx.arch.TestEnclave;
import jsgx.arch.TestMachine;
import jsgx.arch.TestSigner;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Secs;
import org.junit.jupiter.api.Test;

/** The whole build of an enclave, and its measurement against SHA-256 over blocks made by hand. */
class BuildTest {

    @Test
    void theMeasurementIsTheHashOfTheStream() {
        TestMachine machine = TestMachine.sgx2();
        TestEnclave enclave = TestEnclave.create(machine);
        Random random = new Random(64);
        byte[] content = new byte[4096];
        random.nextBytes(content);
        enclave.add(0, TestEnclave.RX, content);
        enclave.addTcs(0x1000, 0x3000);
        random.nextBytes(content);
        enclave.addUnmeasured(0x2000, TestEnclave.RW, content);
        int partly = enclave.addUnmeasured(0x3000, TestEnclave.RW, content);
        enclave.extend(partly, 0x3000, 0xf00);
        enclave.extend(partly, 0x3000, 0);
        enclave.init();

        Secs secs = enclave.secsInEpc();
        assertThat(TestSigner.bytes(secs.mrEnclave())).isEqualTo(TestSigner.sha256(enclave.log()));
        assertThat(TestSigner.bytes(secs.mrSigner())).isEqualTo(TestSigner.AUTHOR.mrSigner());
        assertThat(secs.isvProdId()).isEqualTo(1);
        assertThat(secs.isvSvn()).isEqualTo(2);
        assertThat(secs.attributes()).isEqualTo(new Attributes(Attributes.INIT | Attributes.MODE64BIT, 3));
        assertThat(TestSigner.bytes(new SecsInternals(secs.memory()).padding()))
                .isEqualTo(KeyDependencies.hardcodedPkcs15Padding());
    }

    @Test
    void anEnclaveOfAnyGenerationBuilds() {
        for (CpuFeatures features :
                new CpuFeatures[] {CpuFeatures.SGX1, CpuFeatures.SGX1_FLC, CpuFeatures.SGX2, TestMachine.withCet()}) {
            TestEnclave enclave = TestEnclave.create(TestMachine.of(features));
            enclave.add(0, TestEnclave.RX, new byte[] {1});
            enclave.init();
            assertThat(enclave.secsInEpc().attributes().has(Attributes.INIT)).isTrue();
        }
    }
}
