package jsgx.machine.enclave;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.Cpuid;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.RegisterModel;
import jsgx.arch.TestMachine;
import org.junit.jupiter.api.Test;

final class CpuidServiceTest {

    private static final Cpuid SGX = TestMachine.sgx2().cpu.cpuid();

    @Test
    void leaf12IsTheModels() {
        CpuidService service = new CpuidService(SGX::read, (leaf, subleaf) -> new Cpuid.Registers(-1, -1, -1, -1));

        for (int subleaf = 0; subleaf < 4; subleaf++) {
            assertThat(service.read(0x12, subleaf)).isEqualTo(SGX.read(0x12, subleaf));
        }
    }

    @Test
    void leaf7HasSgxAndWhatTheProcessorHas() {
        CpuidService service =
                new CpuidService(SGX::read, (leaf, subleaf) -> new Cpuid.Registers(1, 0xff00, 0xff, 0xabc));

        assertThat(service.read(7, 0)).isEqualTo(new Cpuid.Registers(1, 0xff04, 0x4000_00ff, 0xabc));
        assertThat(service.read(7, 1)).isEqualTo(new Cpuid.Registers(1, 0xff00, 0xff, 0xabc));
    }

    @Test
    void leaf0ReachesLeaf12() {
        CpuidService small = new CpuidService(SGX::read, (leaf, subleaf) -> new Cpuid.Registers(0x10, 1, 2, 3));
        CpuidService large = new CpuidService(SGX::read, (leaf, subleaf) -> new Cpuid.Registers(0x20, 1, 2, 3));

        assertThat(small.read(0, 0)).isEqualTo(new Cpuid.Registers(0x12, 1, 2, 3));
        assertThat(large.read(0, 0)).isEqualTo(new Cpuid.Registers(0x20, 1, 2, 3));
    }

    @Test
    void theInstructionFillsTheLowHalvesAndClearsTheHighOnes() {
        RegisterModel registers = new RegisterModel();
        registers.set(Register.RAX, -1L << 32 | 0x8000_0000L);
        registers.set(Register.RCX, -1L << 32 | 5);
        registers.set(Register.RIP, 0x1000);

        new CpuidService(SGX::read, (leaf, subleaf) -> new Cpuid.Registers(leaf, -1, subleaf, -2)).execute(registers);

        assertThat(registers.get(Register.RAX)).isEqualTo(0x8000_0000L);
        assertThat(registers.get(Register.RBX)).isEqualTo(0xffff_ffffL);
        assertThat(registers.get(Register.RCX)).isEqualTo(5);
        assertThat(registers.get(Register.RDX)).isEqualTo(0xffff_fffeL);
        assertThat(registers.get(Register.RIP)).isEqualTo(0x1002);
    }

    @Test
    void theProcessorItselfAnswersWithItsVendor() throws Exception {
        Cpuid.Registers answer = new NativeCpuid().execute(0, 0);

        assertThat(answer.eax()).isPositive();
        assertThat(answer.ebx() & 0x7f7f7f7f).isEqualTo(answer.ebx());
        assertThat(answer.ebx()).isNotZero();
    }
}
