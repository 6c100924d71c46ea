package jsgx.machine.program;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.sgx.Sgx;
import jsgx.machine.sgx.SgxThread;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;

/** A run of a program: its processes, with the driver that serves them. */
public final class Program implements AutoCloseable {

    private final Sgx sgx;
    private final ProgramOptions options;
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
     * @param sgx its SGX, which is closed with it
     */
    public Program(Sgx sgx, ProgramOptions options, EventSink events) throws LinuxException {
        this(sgx, options, events, Linux.pid());
    }

    /** For a test that is the program too, and has somebody else for a supervisor. */
    Program(Sgx sgx, ProgramOptions options, EventSink events, int supervisor) throws LinuxException {
        this.sgx = sgx;
        this.options = options;
        this.events = events;
        nodes = DeviceNode.of(sgx.nodes());
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
        ProgramMemory memory = new ProgramMemory(this, pid, agent, sgx, cpuidSites);
        memories.add(memory);
        return memory;
    }

    SgxThread execution(Task task, ProgramMemory memory) {
        return sgx.thread(task, memory.space(), memory.cpuidSites());
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
        sgx.close();
    }
}
