package jsgx.driver;

import jsgx.arch.ProcessorPackage;

/** The SGX driver of one machine: it owns the EPC and offers the devices of all three interfaces over it. */
@SuppressWarnings("DoNotCallSuggester")
public final class SgxDriver implements AutoCloseable {

    private final ProcessorPackage cpu;

    /** A driver over a processor package whose EPC nobody else uses. */
    public SgxDriver(ProcessorPackage cpu, DriverOptions options) {
        this.cpu = cpu;
    }

    /** {@code /dev/sgx_enclave}. */
    public SgxDevice mainline() {
        throw notYet();
    }

    /** {@code /dev/sgx_provision}: whoever may open it may let an enclave have PROVISIONKEY. */
    public SgxDevice provision() {
        throw notYet();
    }

    /** {@code /dev/sgx_vepc}: EPC for virtual machines. */
    public SgxDevice vepc() {
        throw notYet();
    }

    /** {@code /dev/sgx}. */
    public SgxDevice v5() {
        throw notYet();
    }

    /**
     * The file of {@code /dev/sgx} that the kernel hands to its own launch enclave: an enclave built through it does not ask
     * the launch authority, which waits for it.
     */
    public DeviceFile openForLaunchEnclave(Workload workload) throws DeviceAbsentException {
        throw notYet();
    }

    /** {@code /dev/isgx}. */
    public SgxDevice isgx() {
        throw notYet();
    }

    /** The device of an interface. */
    public SgxDevice device(InterfaceKind kind) {
        return switch (kind) {
            case MAINLINE -> mainline();
            case V5 -> v5();
            case ISGX -> isgx();
        };
    }

    /** Another key signs the launch enclave from now on; its SHA-256 is what v5 writes into the hash MSRs. */
    public void launchEnclaveSigner(byte[] hash) {
        throw notYet();
    }

    public ProcessorPackage processorPackage() {
        return cpu;
    }

    /** How many EPC pages are free. */
    public int freePages() {
        throw notYet();
    }

    /** Power loss (suspend, or the virtual machine was moved): all that the EPC holds is gone. */
    public void powerLoss() {
        throw notYet();
    }

    /** Ends the thread that reclaims pages. Open files must be closed before. */
    @Override
    public void close() {}

    private UnsupportedOperationException notYet() {
        return new UnsupportedOperationException("pages " + cpu.epc().pages());
    }
}
