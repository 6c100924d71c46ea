package jsgx.machine.enclave;

import jsgx.arch.Cpuid;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;

/** What CPUID answers in a program: the processor's own answers, in which there is SGX. */
public final class CpuidService {

    /** CPUID as the processor itself executes it. */
    @FunctionalInterface
    public interface Processor {
        Cpuid.Registers execute(int leaf, int subleaf);
    }

    private static final int LENGTH = 2;
    private static final int STRUCTURED_FEATURES = 7;
    private static final int SGX = 0x12;
    private static final int SGX_BIT = 1 << 2;
    private static final int SGX_LC_BIT = 1 << 30;
    private static final long LOW_32 = 0xffff_ffffL;

    private final Processor sgx;
    private final Processor processor;

    /**
     * A service for a machine.
     *
     * @param sgx what the machine tells of SGX
     */
    public CpuidService(Processor sgx, Processor processor) {
        this.sgx = sgx;
        this.processor = processor;
    }

    /** What a leaf and sub-leaf answer. */
    public Cpuid.Registers read(int leaf, int subleaf) {
        if (leaf == SGX) {
            return sgx.execute(leaf, subleaf);
        }
        Cpuid.Registers own = processor.execute(leaf, subleaf);
        if (leaf == 0) {
            int highest = Integer.compareUnsigned(own.eax(), SGX) < 0 ? SGX : own.eax();
            return new Cpuid.Registers(highest, own.ebx(), own.ecx(), own.edx());
        }
        if (leaf == STRUCTURED_FEATURES && subleaf == 0) {
            Cpuid.Registers bits = sgx.execute(leaf, 0);
            return new Cpuid.Registers(
                    own.eax(),
                    (own.ebx() & ~SGX_BIT) | (bits.ebx() & SGX_BIT),
                    (own.ecx() & ~SGX_LC_BIT) | (bits.ecx() & SGX_LC_BIT),
                    own.edx());
        }
        return own;
    }

    /** Executes the CPUID at RIP. */
    public void execute(RegisterFile registers) {
        Cpuid.Registers answer = read((int) registers.get(Register.RAX), (int) registers.get(Register.RCX));
        registers.set(Register.RAX, answer.eax() & LOW_32);
        registers.set(Register.RBX, answer.ebx() & LOW_32);
        registers.set(Register.RCX, answer.ecx() & LOW_32);
        registers.set(Register.RDX, answer.edx() & LOW_32);
        registers.set(Register.RIP, registers.get(Register.RIP) + LENGTH);
    }
}
