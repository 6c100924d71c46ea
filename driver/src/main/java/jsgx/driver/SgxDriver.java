package jsgx.driver;

import java.util.Comparator;
import java.util.List;
import jsgx.arch.Cpuid;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.driver.core.Kernel;

/** The SGX driver of one machine: it owns the EPC and offers the devices of all three interfaces over it. */
public final class SgxDriver implements AutoCloseable {

    private final Kernel kernel;
    private final SgxDevice mainline;
    private final SgxDevice provision;
    private final SgxDevice vepc;
    private final SgxDevice v5;
    private final SgxDevice launchEnclaves;
    private final SgxDevice isgx;

    /** A driver over a processor package whose EPC nobody else uses. */
    public SgxDriver(ProcessorPackage cpu, DriverOptions options) {
        this(Hardware.of(cpu), options);
    }

    /** A driver of a machine whose EPC no other kernel uses. */
    public SgxDriver(Hardware hardware, DriverOptions options) {
        kernel = new Kernel(hardware, options);
        mainline = jsgx.driver.mainline.Devices.enclave(kernel);
        provision = jsgx.driver.mainline.Devices.provision(kernel);
        vepc = jsgx.driver.mainline.Devices.vepc(kernel);
        v5 = jsgx.driver.v5.Devices.device(kernel);
        launchEnclaves = jsgx.driver.v5.Devices.forLaunchEnclave(kernel);
        isgx = jsgx.driver.isgx.Devices.device(kernel);
    }

    /** {@code /dev/sgx_enclave}. */
    public SgxDevice mainline() {
        return mainline;
    }

    /** {@code /dev/sgx_provision}: whoever may open it may let an enclave have PROVISIONKEY. */
    public SgxDevice provision() {
        return provision;
    }

    /** {@code /dev/sgx_vepc}: EPC for virtual machines. */
    public SgxDevice vepc() {
        return vepc;
    }

    /** {@code /dev/sgx}. */
    public SgxDevice v5() {
        return v5;
    }

    /**
     * The file of {@code /dev/sgx} that the kernel hands to its own launch enclave: an enclave built through it does not ask
     * the launch authority, which waits for it.
     */
    public DeviceFile openForLaunchEnclave(Workload workload) throws DeviceAbsentException {
        return launchEnclaves.open(workload);
    }

    /** {@code /dev/isgx}. */
    public SgxDevice isgx() {
        return isgx;
    }

    /** The device of an interface. */
    public SgxDevice device(InterfaceKind kind) {
        return switch (kind) {
            case MAINLINE -> mainline;
            case V5 -> v5;
            case ISGX -> isgx;
        };
    }

    /** Another key signs the launch enclave from now on; its SHA-256 is what v5 writes into the hash MSRs. */
    public void launchEnclaveSigner(byte[] hash) {
        kernel.launchEnclaveSigner(hash);
    }

    /** The package that the machine has, or shares where it is a virtual one. */
    public ProcessorPackage processorPackage() {
        return kernel.processors().any().processorPackage();
    }

    /** What CPUID tells of SGX on this machine. */
    public Cpuid cpuid() {
        return kernel.hardware().cpuid();
    }

    /** A logical processor of this machine for a program, in the program's address space. */
    public LogicalProcessor processor(LinearMemory space) {
        return kernel.hardware().processor(space);
    }

    /** What this kernel does for a new virtual machine that has EPC of this driver. */
    public VirtualMachine virtualMachine(Workload workload) {
        return new VirtualMachine(kernel, workload);
    }

    /** How many EPC pages there are. */
    public int totalPages() {
        return kernel.pages().total();
    }

    /** How many EPC pages are free. */
    public int freePages() {
        return kernel.pages().free();
    }

    /** The enclaves that there are, from ECREATE until their last reference is dropped, the oldest first. */
    public List<EnclaveInfo> enclaves() {
        return kernel.enclaves().stream()
                .sorted(Comparator.comparingLong(EnclaveInfo::id))
                .<EnclaveInfo>map(enclave -> enclave)
                .toList();
    }

    /**
     * What the driver did for want of EPC pages since it began.
     *
     * @param evictions pages of enclaves that left the EPC
     * @param reloads those that came back
     */
    public record PagingCounts(long evictions, long reloads) {}

    /** What the driver did for want of EPC pages since it began. */
    public PagingCounts paging() {
        return new PagingCounts(kernel.evictions(), kernel.reloads());
    }

    /**
     * Power loss (suspend, or the virtual machine was moved): all that the EPC holds is gone, the hash MSRs are what firmware sets
     * again. No thread may be inside an enclave, or execute ENCLU.
     */
    public void powerLoss() {
        kernel.powerLoss();
    }

    /** For tests, which bring the kernel into states that take long to come by themselves. */
    Kernel kernel() {
        return kernel;
    }

    /** Ends the thread that reclaims pages. Open files must be closed before. */
    @Override
    public void close() {
        kernel.reclaimer().stop();
    }
}
