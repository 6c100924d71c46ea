package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import jsgx.arch.Cpuid.Registers;
import jsgx.arch.epc.Epc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuidTest {

    /** A Skylake of 2017 that its owner published (ayeks/SGX-hardware): leaf 12H, sub-leaves 0 to 2. */
    @Test
    void aRealSkylake() {
        Cpuid cpuid = new Cpuid(CpuFeatures.SGX1, List.of(section(0xb020_0000L, 0x05d8_0000)));

        assertThat(cpuid.read(0x12, 0)).isEqualTo(new Registers(1, 0, 0, 0x241f));
        assertThat(cpuid.read(0x12, 1)).isEqualTo(new Registers(0x36, 0, 0x1f, 0));
        assertThat(cpuid.read(0x12, 2)).isEqualTo(new Registers(0xb020_0001, 0, 0x05d8_0001, 0));
        assertThat(cpuid.read(0x12, 3)).isEqualTo(new Registers(0, 0, 0, 0));
        assertThat(cpuid.read(7, 0)).isEqualTo(new Registers(0, 1 << 2, 0, 0));
    }

    @Test
    void sectionsAboveFourGigabytes() {
        Cpuid cpuid = new Cpuid(
                CpuFeatures.SGX2, List.of(section(0x10_8000_0000L, 0x1000), section(0x000f_ffff_ffff_f000L, 0x3000)));

        assertThat(cpuid.read(0x12, 2)).isEqualTo(new Registers(0x8000_0001, 0x10, 0x1001, 0));
        assertThat(cpuid.read(0x12, 3)).isEqualTo(new Registers(0xffff_f001, 0xfffff, 0x3001, 0));
        assertThat(cpuid.read(0x12, 4)).isEqualTo(new Registers(0, 0, 0, 0));
    }

    @Test
    void theFeaturesOfTheSgx2Preset() {
        Cpuid cpuid = new Cpuid(CpuFeatures.SGX2, List.of(section(0, 0x1000)));

        assertThat(cpuid.read(0x12, 0)).isEqualTo(new Registers(0x0c43, 1, 0, 0x381f));
        assertThat(cpuid.read(0x12, 1)).isEqualTo(new Registers(0x4b6, 0, 0x2e7, 0));
        assertThat(cpuid.read(7, 0).ecx()).isEqualTo(1 << 30);
        assertThat(cpuid.read(7, 0).edx()).isZero();
    }

    @Test
    void cetIsSeenInLeaf7AndAsAnAttribute() {
        Cpuid cpuid = new Cpuid(TestMachine.withCet(), List.of(section(0, 0x1000)));

        assertThat(cpuid.read(0x12, 1).eax()).isEqualTo(0x4f6);
        assertThat(cpuid.read(7, 0)).isEqualTo(new Registers(0, 1 << 2, 1 << 30 | 1 << 7, 1 << 20));
    }

    @Test
    void otherLeavesSayNothing() {
        Cpuid cpuid = new Cpuid(CpuFeatures.SGX2, List.of(section(0, 0x1000)));

        assertThat(cpuid.read(0, 0).eax()).isEqualTo(0x12);
        assertThat(cpuid.read(1, 0)).isEqualTo(new Registers(0, 0, 0, 0));
        assertThat(cpuid.read(7, 1)).isEqualTo(new Registers(0, 0, 0, 0));
        assertThat(cpuid.read(0x12, -1)).isEqualTo(new Registers(0, 0, 0, 0));
        assertThat(cpuid.read(0xd, 1)).isEqualTo(new Registers(0, 0, 0, 0));
    }

    /** Leaf 0DH is where a kernel gets the size of an SSA frame from. */
    @ParameterizedTest
    @CsvSource({"2, 256, 576", "5, 64, 1088", "6, 512, 1152", "7, 1024, 1664", "9, 8, 2688", "3, 0, 0", "17, 0, 0"})
    void theComponentsOfTheXsaveArea(int component, int size, int offset) {
        Cpuid cpuid = new Cpuid(CpuFeatures.SGX2, List.of(section(0, 0x1000)));

        assertThat(cpuid.read(0xd, component)).isEqualTo(new Registers(size, offset, 0, 0));
        assertThat(cpuid.read(0xd, 0)).isEqualTo(new Registers(0x2e7, 2696, 2696, 0));
    }

    private static Epc.Range section(long base, int size) {
        return new Epc.Range(base, size);
    }
}
