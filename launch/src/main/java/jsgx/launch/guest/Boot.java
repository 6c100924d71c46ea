package jsgx.launch.guest;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Cpuid;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.driver.Hardware;
import jsgx.driver.SgxDriver;
import jsgx.driver.VirtualMachine;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine from one reset to the next, as its kernel finds it. Once it is cut off, its processors reach no EPC page any more:
 * nothing that was left of its kernel and programs can touch what the machine does after the reset.
 */
final class Boot implements Hardware {

    /** Above 4 GiB, where a machine's memory has a hole for it. */
    private static final long FIRST_SECTION = 0x10_0000_0000L;

    private final ProcessorPackage cpu;
    private final Vepc vepc;
    private final Cpuid cpuid;
    private final VirtualMachine host;
    private final boolean provisioning;
    private volatile boolean off;
    private @Nullable LogicalProcessor first;

    Boot(SgxDriver host, Vepc vepc, GuestOptions options) {
        this.cpu = host.processorPackage();
        this.vepc = vepc;
        this.cpuid = new Cpuid(masked(options.features(), host.cpuid().features()), sections(options.vepc()));
        this.host = host.virtualMachine(options.workload());
        this.provisioning = options.provisioning();
    }

    private static List<Epc.Range> sections(List<Long> sizes) {
        List<Epc.Range> sections = new ArrayList<>();
        long base = FIRST_SECTION;
        for (long bytes : sizes) {
            sections.add(new Epc.Range(base, bytes));
            base += bytes;
        }
        return sections;
    }

    /** What KVM offers at most: neither ETRACKC and its like, nor EUPDATESVN, nor CET. */
    private static CpuFeatures masked(CpuFeatures wanted, CpuFeatures host) {
        return new CpuFeatures(
                wanted.sgx2() && host.sgx2(),
                wanted.flc() && host.flc(),
                wanted.kss() && host.kss(),
                false,
                wanted.edeccssa() && host.edeccssa(),
                wanted.aexNotify() && host.aexNotify(),
                false,
                false,
                wanted.miscSelect() & host.miscSelect(),
                wanted.xfrm() & host.xfrm(),
                Math.min(wanted.log2MaxSize32(), host.log2MaxSize32()),
                Math.min(wanted.log2MaxSize64(), host.log2MaxSize64()));
    }

    @Override
    public Cpuid cpuid() {
        return cpuid;
    }

    @Override
    public synchronized LogicalProcessor processor(LinearMemory memory) {
        LogicalProcessor processor =
                new LogicalProcessor(cpu, memory, new Vcpu(this, cpuid.features(), host, provisioning));
        if (first == null) {
            first = processor;
        }
        return processor;
    }

    /** The processor that its kernel brought up first. */
    synchronized LogicalProcessor first() {
        return Objects.requireNonNull(first, "a kernel has a processor");
    }

    /** A kernel is told of it that is about to be cut off. */
    @Override
    public void powerLoss() {
        off = true;
    }

    /** The extended page tables. */
    int hostPage(int page) {
        return off ? LinearMemory.UNMAPPED : vepc.hostPage(page);
    }

    /** Removes an enclave that the host's launch authority wants gone. */
    void tearDown(int secs) {
        vepc.tearDown(host, secs);
    }

    /** The host forgets the enclaves of this boot. */
    void end() {
        host.close();
    }
}
