package jsgx.machine.program;

import java.util.Map;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.sgx.SgxThread;
import jsgx.machine.task.Agent;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.SystemCallAnswer;
import jsgx.machine.task.Task;
import org.jspecify.annotations.Nullable;

/**
 * A thread of the program, as its supervision tells what happens to it. The thread is stopped during each call, and one call is made at a
 * time; several threads are served at once.
 */
public final class ProgramThread {

    /** The vector of the interrupt by which the kernel makes a thread leave an enclave (RESCHEDULE_VECTOR). */
    private static final int INTERRUPT = 0xfd;

    private static final int CLONE_VM = 0x100;
    private static final int CLONE_THREAD = 0x1_0000;
    private static final int SYSCALL_LENGTH = 2;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int SECCOMP_FILTER_FLAG_TSYNC = 1;

    private final Program program;
    private final Task task;
    private final ProgramProcess process;
    private volatile ProgramMemory memory;
    private volatile SgxThread execution;
    private volatile @Nullable Thread server;
    private SystemCalls calls;

    ProgramThread(Program program, Task task, ProgramProcess process) {
        this.program = program;
        this.task = task;
        this.process = process;
        memory = process.memory();
        execution = program.execution(task, memory);
        calls = new SystemCalls(this);
        process.began();
        memory.enter(this);
        program.began(this);
    }

    Program program() {
        return program;
    }

    Task task() {
        return task;
    }

    ProgramProcess process() {
        return process;
    }

    ProgramMemory memory() {
        return memory;
    }

    /** Whether the supervision is to tell of every system call that the thread makes now: it is inside an enclave of a strict run. */
    public boolean watchesSystemCalls() {
        return program.options().strict() && execution.inside();
    }

    /** The thread's address space. */
    public SgxSpace space() {
        return memory.space();
    }

    /** Tells of ENCLU leaves that the thread executed without anybody being asked. */
    public void unasked(long enclave, Map<Leaf, Long> counts) {
        program.tell(SgxEvent.Kind.ENCLU, () -> new SgxEvent.Unasked(task.pid(), task.tid(), enclave, counts));
    }

    /** Whether entries into enclaves have to be served one by one. */
    public boolean entriesInDetail() {
        return program.options().strict() || program.events().inDetail(SgxEvent.Kind.ENCLU);
    }

    /** What the thread does with SGX. */
    public SgxThread execution() {
        return execution;
    }

    /**
     * The thread made a system call that {@link FilteredCalls} picks.
     *
     * @param arguments all six
     */
    public SystemCallAnswer systemCall(long number, long[] arguments) {
        server = Thread.currentThread();
        try {
            return execution.inside()
                    ? new SystemCallAnswer.Fault(execution.systemCallInside(SYSCALL_LENGTH))
                    : calls.serve((int) number, arguments);
        } finally {
            server = null;
        }
    }

    /** An exception stopped the thread: it got SIGSEGV, SIGILL, SIGBUS, SIGTRAP or SIGFPE from the kernel. */
    public FaultAnswer fault(SignalInfo signal) {
        server = Thread.currentThread();
        try {
            return execution.fault(signal);
        } finally {
            server = null;
        }
    }

    /** A signal is about to be delivered to the thread that no instruction of it caused. */
    public void signal(int number) {
        execution.interrupted(INTERRUPT);
    }

    /** {@link Task#evict} has stopped the thread. */
    public void evicted() {
        execution.interrupted(INTERRUPT);
    }

    /**
     * The thread made another one, in its process or in a new one. It has not run yet.
     *
     * @param child the new thread
     * @param flags of clone; those of fork and vfork are the same in its terms
     * @param agent of the new address space; null where CLONE_VM is set
     */
    public ProgramThread cloned(Task child, long flags, @Nullable Agent agent) {
        if ((flags & CLONE_THREAD) != 0) {
            return new ProgramThread(program, child, process);
        }
        ProgramMemory childs = memory;
        if ((flags & CLONE_VM) == 0) {
            if (agent == null) {
                throw new IllegalArgumentException("a new address space has an agent");
            }
            childs = program.memory(child.pid(), agent, memory.cpuidSites().copy());
            childs.space().forked(memory.space());
        }
        program.tell(
                SgxEvent.Kind.PROCESS, () -> new SgxEvent.Process(child.pid(), child.tid(), "forked by " + task.pid()));
        ProgramProcess made = new ProgramProcess(program, child.pid(), childs);
        made.transfersWatched(process.transfersWatched());
        return new ProgramThread(program, child, made);
    }

    /**
     * The thread executes another program, which has not run yet. All other threads of its process are gone; nothing more is told of them.
     *
     * @param agent of the new address space
     */
    public void execed(Agent agent) {
        execution.ended();
        for (ProgramThread other : memory.threads()) {
            if (other.process == process) {
                other.execution.ended();
                memory.leave(other);
                program.ended(other);
            }
        }
        ProgramMemory fresh = program.executed(task.pid(), agent);
        process.execed(fresh);
        memory = fresh;
        execution = program.execution(task, fresh);
        calls = new SystemCalls(this);
        fresh.enter(this);
        program.began(this);
        program.tell(
                SgxEvent.Kind.PROCESS, () -> new SgxEvent.Process(task.pid(), task.tid(), "executes another program"));
    }

    /**
     * The thread is gone.
     *
     * @param status as waitpid tells it
     */
    public void exited(int status) {
        execution.ended();
        memory.leave(this);
        program.ended(this);
        if (process.ended()) {
            program.tell(SgxEvent.Kind.PROCESS, () -> new SgxEvent.Process(task.pid(), task.tid(), ending(status)));
        }
    }

    /** Has reads and writes of the whole process served from now on; the descriptor, or a negated errno where that fails and it is closed. */
    long watchTransfers(int descriptor) {
        if (process.transfersWatched()) {
            return descriptor;
        }
        byte[] filter = FilteredCalls.transfers(program.options().action());
        long result = memory.scratch()
                .withFilter(
                        filter,
                        at -> task.systemCall(
                                SystemCall.SECCOMP, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, at));
        if (result != 0) {
            task.systemCall(SystemCall.CLOSE, descriptor);
            return -Errors.EACCES;
        }
        process.transfersWatched(true);
        return descriptor;
    }

    private static String ending(int status) {
        int signal = status & 0x7f;
        return signal == 0 ? "ended with status " + (status >>> 8 & 0xff) : "was ended by signal " + signal;
    }

    /** Makes the thread leave the enclave that it is in where that meets a range. Not for a thread that is being served here: it is outside. */
    @SuppressWarnings("ReferenceEquality")
    void evict(long start, long end) {
        if (server == Thread.currentThread()) {
            return;
        }
        EnclaveMode mode = execution.mode();
        boolean inside = mode == null
                ? task.mayBeInside()
                : mode.elrangeBase() < end && mode.elrangeBase() + mode.elrangeSize() > start;
        if (inside) {
            task.evict(() -> mode != null && mode != execution.mode());
        }
    }
}
