package jsgx.machine.embedded;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jsgx.arch.Cpuid;
import jsgx.driver.Availability;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDevice;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.machine.enclave.CpuidService;
import jsgx.machine.enclave.EnclaveExecution;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.EventSink;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.sgx.EnclaveThreads;
import jsgx.machine.sgx.Sgx;
import jsgx.machine.sgx.SgxFile;
import jsgx.machine.sgx.SgxNode;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.sgx.SgxThread;
import jsgx.machine.space.LocalProcess;
import jsgx.machine.space.ProgramSpace;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;

/** The SGX of a run that a driver of this process serves. */
public final class EmbeddedSgx implements Sgx {

    private final SgxDriver driver;
    private final Set<InterfaceKind> interfaces;
    private final boolean launchEnclave;
    private final boolean strict;
    private final CpuidService cpuid;
    private final Vdso vdso;
    private final EventSink events;

    /**
     * The SGX of a run.
     *
     * @param driver whose EPC the agents of the run map
     * @param interfaces whose devices there are
     * @param launchEnclave whether its {@code /dev/sgx} is the one that the kernel hands to its own launch enclave
     * @param strict whether pages are shown only while a thread is inside
     */
    public EmbeddedSgx(
            SgxDriver driver,
            Set<InterfaceKind> interfaces,
            boolean launchEnclave,
            boolean strict,
            CpuidService.Processor processor,
            Vdso vdso,
            EventSink events) {
        this.driver = driver;
        this.interfaces = Set.copyOf(interfaces);
        this.launchEnclave = launchEnclave;
        this.strict = strict;
        this.cpuid = new CpuidService(this::cpuid, processor);
        this.vdso = vdso;
        this.events = events;
    }

    /** The devices of a driver that a run shows. */
    public static List<SgxDevice> devices(SgxDriver driver, Set<InterfaceKind> interfaces) {
        List<SgxDevice> devices = new ArrayList<>();
        if (interfaces.contains(InterfaceKind.MAINLINE)) {
            devices.addAll(List.of(driver.mainline(), driver.provision(), driver.vepc()));
        }
        if (interfaces.contains(InterfaceKind.V5)) {
            devices.add(driver.v5());
        }
        if (interfaces.contains(InterfaceKind.ISGX)) {
            devices.add(driver.isgx());
        }
        return devices;
    }

    /** An open file of the driver. */
    record File(DeviceFile file) implements SgxFile {
        @Override
        public String path() {
            return file.path();
        }

        @Override
        public void close() {
            file.close();
        }
    }

    private record Node(SgxDevice device, boolean forLaunchEnclave, SgxDriver driver) implements SgxNode {
        @Override
        public String path() {
            return device.path();
        }

        @Override
        public boolean isPresent() {
            return device.availability() instanceof Availability.Present;
        }

        @Override
        public SgxFile open(Workload workload) throws DeviceAbsentException {
            return new File(forLaunchEnclave ? driver.openForLaunchEnclave(workload) : device.open(workload));
        }
    }

    @Override
    public List<SgxNode> nodes() {
        List<SgxNode> nodes = new ArrayList<>();
        for (SgxDevice device : devices(driver, interfaces)) {
            boolean own = launchEnclave && device.path().equals(driver.v5().path());
            nodes.add(new Node(device, own, driver));
        }
        return nodes;
    }

    @Override
    public Cpuid.Registers cpuid(int leaf, int subleaf) {
        return driver.processorPackage().cpuid().read(leaf, subleaf);
    }

    @Override
    public SgxSpace space(int pid, Agent agent, EnclaveThreads threads) {
        ProgramSpace space = new ProgramSpace(
                new LocalProcess(pid), agent, driver.processorPackage().epcm(), threads, strict);
        return new EmbeddedSpace(pid, space, events);
    }

    @Override
    public SgxThread thread(Task task, SgxSpace space, CpuidSites cpuidSites) {
        ProgramSpace own = space(space);
        return new EnclaveExecution(task, own, driver.processor(own), vdso, cpuid, cpuidSites, events);
    }

    /** The address space behind one of an embedded run. */
    public static ProgramSpace space(SgxSpace space) {
        return ((EmbeddedSpace) space).space();
    }

    /** The execution behind a thread of an embedded run. */
    public static EnclaveExecution execution(SgxThread thread) {
        return (EnclaveExecution) thread;
    }

    /** Nothing: the driver is somebody else's. */
    @Override
    public void close() {}
}
