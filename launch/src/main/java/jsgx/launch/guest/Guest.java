package jsgx.launch.guest;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.struct.Layouts;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.launch.LaunchException;

/**
 * A virtual machine with SGX on a host: hash MSRs, FEATURE_CONTROL, CPUID and EPC of its own, on the host's package. Its kernel is an
 * {@link SgxDriver} like the host's, whose ECREATE and EINIT exit to the host, which executes them under the machine's hash after its own
 * launch authority allowed it. So a token that was issued for the package and the hash is good here, after a reboot of the machine, and in
 * any other machine of the package with the same hash; and the host can refuse the enclave all the same.
 *
 * <pre>{@code
 * try (Guest guest = Guest.boot(host.driver(), GuestOptions.of(new Workload("vm 1"), 16 << 20).withLePubKeyHash(hash))) {
 *     DeviceFile file = guest.driver().isgx().open(workload);
 * }
 * }</pre>
 */
public final class Guest implements AutoCloseable {

    private static final int HASH_MSRS = 4;

    private final SgxDriver host;
    private final GuestOptions options;
    private final Vepc vepc;
    private Boot boot;
    private SgxDriver driver;
    private boolean closed;

    private Guest(SgxDriver host, GuestOptions options, Vepc vepc) {
        this.host = host;
        this.options = options;
        this.vepc = vepc;
        this.boot = new Boot(host, vepc, options);
        this.driver = kernel();
    }

    /**
     * Makes a virtual machine and starts it.
     *
     * @throws LaunchException where the host has no {@code /dev/sgx_vepc}, too little EPC, or no room in the workload's account; or where
     *     the machine shall have PROVISIONKEY and the host has no {@code /dev/sgx_provision}
     */
    public static Guest boot(SgxDriver host, GuestOptions options) throws LaunchException {
        if (options.provisioning()) {
            // Whoever has the device may grant the key: KVM_CAP_SGX_ATTRIBUTE.
            try {
                host.provision().open(options.workload()).close();
            } catch (DeviceAbsentException e) {
                throw new LaunchException("PROVISIONKEY cannot be granted: " + e.getMessage());
            }
        }
        return new Guest(host, options, Vepc.open(host, options.workload(), options.vepc()));
    }

    private SgxDriver kernel() {
        DriverOptions settings = options.kernel().apply(DriverOptions.defaults().withVirtualization(false));
        return new SgxDriver(boot, settings.withFirmware(this::firmware));
    }

    /** What the machine's firmware does after reset. */
    private void firmware(LogicalProcessor processor) {
        boolean flc = boot.cpuid().features().flc();
        processor.featureControl(options.featureControl() & (flc ? -1L : ~LogicalProcessor.FEATURE_CONTROL_SGX_LC));
        if (options.lePubKeyHash().length > 0) {
            MemorySegment hash = MemorySegment.ofArray(options.lePubKeyHash());
            long[] msrs = new long[HASH_MSRS];
            Arrays.setAll(msrs, i -> hash.get(Layouts.U64, (long) Long.BYTES * i));
            processor.firmwareLePubKeyHash(msrs);
        }
    }

    /** The SGX driver of the kernel that runs in it now: after {@link #reboot} another one. */
    public synchronized SgxDriver driver() {
        return driver;
    }

    /** IA32_SGXLEPUBKEYHASH of its first processor: 32 bytes as MRSIGNER stores them. */
    public synchronized byte[] lePubKeyHash() {
        return boot.first().lePubKeyHash();
    }

    /** How it was made. */
    public GuestOptions options() {
        return options;
    }

    /**
     * Resets the machine: whatever ran in it is gone, its EPC is emptied (SGX_IOC_VEPC_REMOVE_ALL), the hash MSRs hold Intel's hash
     * until its firmware and kernel write them again. What is left of its programs fails at every call.
     *
     * @throws LaunchException where a thread of the machine is still inside an enclave; the machine is off then, and can be rebooted
     *     again or closed
     */
    public synchronized void reboot() throws LaunchException {
        if (closed) {
            throw new LaunchException("the virtual machine is gone; boot another one");
        }
        cutOff();
        vepc.removeAll();
        boot = new Boot(host, vepc, options);
        driver = kernel();
    }

    private void cutOff() {
        driver.powerLoss();
        driver.close();
        boot.end();
    }

    /** The machine dies, and gives its EPC back. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            cutOff();
            vepc.close();
        }
    }
}
