package jsgx.driver;

import jsgx.arch.Cpuid;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;

/** The machine that a kernel runs on, as its SGX driver finds it: a package of its own, or a virtual machine's part of one. */
public interface Hardware {

    /** What CPUID tells of SGX: which leaves there are, and where the EPC lies. */
    Cpuid cpuid();

    /**
     * A logical processor just out of reset.
     *
     * @param memory the address space of the software that runs on it; its EPC pages are counted as {@link #cpuid} lists them
     */
    LogicalProcessor processor(LinearMemory memory);

    /** The EPC loses its content. No leaf runs meanwhile. */
    void powerLoss();

    /** A machine that has the whole package. */
    static Hardware of(ProcessorPackage cpu) {
        return new Hardware() {
            @Override
            public Cpuid cpuid() {
                return cpu.cpuid();
            }

            @Override
            public LogicalProcessor processor(LinearMemory memory) {
                return new LogicalProcessor(cpu, memory);
            }

            @Override
            public void powerLoss() {
                cpu.powerLoss();
            }
        };
    }
}
