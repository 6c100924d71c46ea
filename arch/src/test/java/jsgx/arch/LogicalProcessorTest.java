package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class LogicalProcessorTest {

    private static final String INTEL = "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4";

    /** What the README of the vectors gives as MRSIGNER of Intel's launch enclave. */
    @Test
    void theHashRegistersBeginWithIntelsSigner() {
        LogicalProcessor lp = TestMachine.sgx2().lp;

        assertThat(HexFormat.of().formatHex(lp.lePubKeyHash())).isEqualTo(INTEL);
        assertThat(lp.lePubKeyHash(0)).isEqualTo(0xa6053e051270b7acL);
        assertThat(lp.lePubKeyHashIs(MemorySegment.ofArray(HexFormat.of().parseHex(INTEL))))
                .isTrue();
    }

    @Test
    void everyRegisterCounts() {
        LogicalProcessor lp = TestMachine.sgx2().lp;
        MemorySegment intel = MemorySegment.ofArray(lp.lePubKeyHash());
        for (int index = 0; index < 4; index++) {
            long value = lp.lePubKeyHash(index);
            assertThat(lp.writeLePubKeyHash(index, value ^ 1)).isTrue();
            assertThat(lp.lePubKeyHashIs(intel)).isFalse();
            assertThat(lp.writeLePubKeyHash(index, value)).isTrue();
        }
        assertThat(lp.lePubKeyHashIs(intel)).isTrue();
    }

    @Test
    void withoutLaunchControlTheRegistersAreIntels() {
        LogicalProcessor lp = TestMachine.of(CpuFeatures.SGX1).lp;

        assertThat(lp.lePubKeyHashWritable()).isFalse();
        assertThat(lp.writeLePubKeyHash(0, 0)).isFalse();
        assertThat(HexFormat.of().formatHex(lp.lePubKeyHash())).isEqualTo(INTEL);
    }

    @Test
    void firmwareMayLockTheRegisters() {
        LogicalProcessor lp = TestMachine.of(CpuFeatures.SGX1_FLC).lp;
        lp.firmwareLePubKeyHash(new long[] {1, 2, 3, 4});
        lp.featureControl(LogicalProcessor.FEATURE_CONTROL_LOCK | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE);

        assertThat(lp.writeLePubKeyHash(0, 5)).isFalse();
        assertThat(lp.lePubKeyHash(0)).isEqualTo(1);
        assertThat(HexFormat.of().formatHex(lp.lePubKeyHash()))
                .isEqualTo("0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000");
    }

    @Test
    void processorsHaveRegistersOfTheirOwn() {
        TestMachine machine = TestMachine.sgx2();
        machine.lp.writeLePubKeyHash(0, 7);

        assertThat(machine.another().lp.lePubKeyHash(0)).isEqualTo(0xa6053e051270b7acL);
    }
}
