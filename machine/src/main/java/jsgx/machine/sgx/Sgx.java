package jsgx.machine.sgx;

import java.util.List;
import jsgx.arch.Cpuid;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;

/** The SGX of a run: a processor and a driver, in this process or in another one. */
public interface Sgx extends AutoCloseable {

    /** The devices that the run shows, absent ones among them. */
    List<SgxNode> nodes();

    /** What CPUID tells of SGX; bits that have nothing to do with it are 0. */
    Cpuid.Registers cpuid(int leaf, int subleaf);

    /**
     * An address space without mappings of devices.
     *
     * @param pid a process that has it
     * @param agent our own thread in it
     * @param threads its threads
     */
    SgxSpace space(int pid, Agent agent, EnclaveThreads threads);

    /**
     * A thread outside enclaves.
     *
     * @param space one of this run's
     * @param cpuidSites those of the address space
     */
    SgxThread thread(Task task, SgxSpace space, CpuidSites cpuidSites);

    /** The run is over: what it has left is released. */
    @Override
    void close();
}
