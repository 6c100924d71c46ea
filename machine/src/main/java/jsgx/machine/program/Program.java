package jsgx.machine.program;

import java.util.function.Supplier;
import jsgx.driver.SgxDriver;
import jsgx.machine.enclave.CpuidService;
import jsgx.machine.enclave.CpuidSites;
import jsgx.machine.enclave.EnclaveExecution;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;

/** A run of a program: its processes, with the driver that serves them. */
public final class Program implements AutoCloseable {

    private final SgxDriver driver;
    private final ProgramOptions options;
    private final CpuidService cpuid;
    private final Vdso vdso;
    private final EventSink events;

    /**
     * A run in which no process has begun.
     *
     * @param driver whose EPC the agents of the run map
     */
    public Program(SgxDriver driver, ProgramOptions options, CpuidService cpuid, Vdso vdso, EventSink events) {
        this.driver = driver;
        this.options = options;
        this.cpuid = cpuid;
        this.vdso = vdso;
        this.events = events;
    }

    /**
     * The run's first thread, which has not run yet.
     *
     * @param agent of its address space
     */
    public ProgramThread start(Task task, Agent agent) {
        tell(SgxEvent.Kind.PROCESS, () -> new SgxEvent.Process(task.pid(), task.tid(), "begins"));
        return new ProgramThread(this, task, new ProgramProcess(this, task.pid(), memory(task.pid(), agent)));
    }

    SgxDriver driver() {
        return driver;
    }

    ProgramOptions options() {
        return options;
    }

    EventSink events() {
        return events;
    }

    ProgramMemory memory(int pid, Agent agent) {
        return memory(pid, agent, new CpuidSites());
    }

    ProgramMemory memory(int pid, Agent agent, CpuidSites cpuidSites) {
        return new ProgramMemory(pid, agent, driver.processorPackage().epcm(), cpuidSites);
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
    public void close() {}
}
