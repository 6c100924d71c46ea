package jsgx.machine.program;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.machine.enclave.CpuidService;
import jsgx.machine.enclave.CpuidSites;
import jsgx.machine.enclave.EnclaveExecution;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;

/** A run of a program: its processes, with the driver that serves them. */
public final class Program implements AutoCloseable {

    private final SgxDriver driver;
    private final ProgramOptions options;
    private final CpuidService cpuid;
    private final Vdso vdso;
    private final EventSink events;
    private final List<DeviceNode> nodes;
    private final OpenDevices devices;
    private final Guard guard;
    private final CpuidMappings cpuidMappings;
    private final Map<Integer, ProgramThread> threads = new ConcurrentHashMap<>();
    private final Set<ProgramMemory> memories = ConcurrentHashMap.newKeySet();

    /**
     * A run in which no process has begun.
     *
     * @param driver whose EPC the agents of the run map
     */
    public Program(SgxDriver driver, ProgramOptions options, CpuidService cpuid, Vdso vdso, EventSink events)
            throws LinuxException {
        this(driver, options, cpuid, vdso, events, Linux.pid());
    }

    /** For a test that is the program too, and has somebody else for a supervisor. */
    Program(SgxDriver driver, ProgramOptions options, CpuidService cpuid, Vdso vdso, EventSink events, int supervisor)
            throws LinuxException {
        this.driver = driver;
        this.options = options;
        this.cpuid = cpuid;
        this.vdso = vdso;
        this.events = events;
        nodes = DeviceNode.of(driver, options.interfaces());
        devices = new OpenDevices(nodes, events);
        guard = new Guard(options.hidden(), supervisor);
        cpuidMappings = new CpuidMappings(options.patchCpuid());
    }

    /**
     * The run's first thread, which has not run yet.
     *
     * @param agent of its address space
     */
    public ProgramThread start(Task task, Agent agent) {
        tell(SgxEvent.Kind.PROCESS, () -> new SgxEvent.Process(task.pid(), task.tid(), "begins"));
        return new ProgramThread(this, task, new ProgramProcess(this, task.pid(), executed(task.pid(), agent)));
    }

    /** The memory of a process that has just executed a program. */
    ProgramMemory executed(int pid, Agent agent) {
        ProgramMemory memory = memory(pid, agent, new CpuidSites());
        cpuidMappings.executable(memory, 0, Long.MAX_VALUE);
        return memory;
    }

    /** The device that is at a path and there; empty where there is none. */
    Optional<DeviceNode> node(String path) {
        return DeviceNode.at(path, nodes);
    }

    DeviceFile openFile(DeviceNode node, Workload workload) throws DeviceAbsentException {
        return options.launchEnclave() && node.path().equals(driver.v5().path())
                ? driver.openForLaunchEnclave(workload)
                : node.device().open(workload);
    }

    void began(ProgramThread thread) {
        threads.put(thread.task().tid(), thread);
    }

    void ended(ProgramThread thread) {
        threads.values().remove(thread);
    }

    /** The memory of a process of the run, or of one of its threads; empty where it is none. */
    Optional<ProgramMemory> memoryOf(int id) {
        ProgramThread thread = threads.get(id);
        return thread != null
                ? Optional.of(thread.memory())
                : threads.values().stream()
                        .filter(other -> other.task().pid() == id)
                        .findFirst()
                        .map(ProgramThread::memory);
    }

    OpenDevices devices() {
        return devices;
    }

    Guard guard() {
        return guard;
    }

    CpuidMappings cpuid() {
        return cpuidMappings;
    }

    /** The driver changed what the EPCM allows: no address space shows more. */
    void restrict() {
        for (ProgramMemory memory : memories) {
            memory.space().restrict();
        }
    }

    void forget(ProgramMemory memory) {
        memories.remove(memory);
    }

    ProgramOptions options() {
        return options;
    }

    EventSink events() {
        return events;
    }

    ProgramMemory memory(int pid, Agent agent, CpuidSites cpuidSites) {
        ProgramMemory memory =
                new ProgramMemory(this, pid, agent, driver.processorPackage().epcm(), cpuidSites);
        memories.add(memory);
        return memory;
    }

    EnclaveExecution execution(Task task, ProgramMemory memory) {
        return new EnclaveExecution(
                task, memory.space(), driver.processor(memory.space()), vdso, cpuid, memory.cpuidSites(), events);
    }

    void tell(SgxEvent.Kind kind, Supplier<SgxEvent> event) {
        if (events.wants(kind)) {
            events.event(event.get());
        }
    }

    /** All processes are gone: devices that they had open are closed. */
    @Override
    public void close() {
        devices.close();
    }
}
