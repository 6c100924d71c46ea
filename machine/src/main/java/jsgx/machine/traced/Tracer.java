package jsgx.machine.traced;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongUnaryOperator;
import jsgx.arch.RegisterFile.Register;
import jsgx.machine.code.AgentChannel;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.Ptrace.Status;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.Program;
import jsgx.machine.program.ProgramThread;
import jsgx.machine.task.Attention;
import jsgx.machine.task.FaultAnswer;
import jsgx.machine.task.SignalInfo;
import jsgx.machine.task.SystemCallAnswer;
import org.jspecify.annotations.Nullable;

/** The one thread that traces all threads of a program, and serves one stop after the other. */
final class Tracer {

    private static final int CLONE_VM = 0x100;
    private static final int CLONE_THREAD = 0x1_0000;
    private static final int KCMP_VM = 1;
    private static final int ANY = -1;
    private static final int ERESTARTSYS = 512;
    private static final int ERESTART_RESTARTBLOCK = 516;

    /** A process of the program. */
    private static final class Process {

        final AgentChannel agent;

        /** Whether the agent is a thread of this process, rather than of the one that made it by vfork. */
        final boolean own;

        int threads = 1;

        Process(AgentChannel agent, boolean own) {
            this.agent = agent;
            this.own = own;
        }
    }

    private final Program program;
    private final Preparation preparation;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment status = arena.allocate(JAVA_INT);
    private final Map<Integer, TracedTask> tasks = new ConcurrentHashMap<>();
    private final Map<Integer, Process> processes = new HashMap<>();

    /** New threads that stopped before the one that made them told of them. */
    private final Set<Integer> early = new HashSet<>();

    /** Agents that were stopped with their program, and are traced since, so that they go on whatever the program does. */
    private final Set<Integer> agents = new HashSet<>();

    /** Threads with a stop that came while something else was done. */
    private final Deque<TracedTask> waiting = new ArrayDeque<>();

    private final Requests<TracedTask> evictions = new Requests<>();
    private volatile @Nullable Thread tracer;
    private volatile @Nullable Attention attention;
    private int leader;
    private volatile boolean killed;
    private boolean executed;
    private int exitStatus;

    Tracer(Program program, Preparation preparation) {
        this.program = program;
        this.preparation = preparation;
    }

    /** Adds the process with which the program begins; it is stopped. */
    void begin(TracedTask task) {
        leader = task.pid();
        tasks.put(task.tid(), task);
        if (killed) {
            kill();
        }
    }

    /** Whether the program was executed; otherwise the exit status is the errno. */
    boolean hasExecuted() {
        return executed;
    }

    /** Serves the program until no process of it is left: the exit status of its first, or 128 and the signal that killed it. */
    int run() throws LinuxException {
        tracer = Thread.currentThread();
        attention = Attention.duty(this::attend);
        try {
            return serve();
        } finally {
            Attention.none();
            evictions.serve(task -> {});
        }
    }

    private int serve() throws LinuxException {
        while (!tasks.isEmpty() || !early.isEmpty()) {
            attend();
            TracedTask left = waiting.poll();
            if (left != null) {
                Status stop = left.unserved();
                left.unserved(null);
                if (stop != null) {
                    serve(left, stop);
                }
                continue;
            }
            long tid = Attention.waiting(() -> Ptrace.awaitAny(status));
            if (tid == -Errors.ECHILD) {
                break;
            }
            if (tid == -Errors.EINTR) {
                continue;
            }
            Linux.check("wait for the program", tid);
            queue((int) tid, Ptrace.status(status));
            queueOthers();
        }
        return exitStatus;
    }

    /** All that are stopped have their turn before one has another: the kernel tells of the youngest first, again and again. */
    private void queueOthers() {
        long tid = Ptrace.poll(ANY, status);
        while (tid > 0) {
            queue((int) tid, Ptrace.status(status));
            tid = Ptrace.poll(ANY, status);
        }
    }

    /** Kills all processes of the program. Any thread may call it. */
    void kill() {
        killed = true;
        for (TracedTask task : tasks.values()) {
            Linux.tgkill(task.pid(), task.tid(), Signals.SIGKILL);
        }
    }

    private void queue(int tid, Status stop) {
        TracedTask task = tasks.get(tid);
        if (agents.contains(tid)) {
            agent(tid, stop);
        } else if (task != null) {
            if (!(stop instanceof Status.Gone)) {
                task.stop();
            }
            // In place of one that it was killed in, where there is one.
            task.unserved(stop);
            waiting.add(task);
        } else if (stop instanceof Status.Event(int event, int ignored) && event == Ptrace.EVENT_STOP) {
            early.add(tid);
        } else {
            early.remove(tid);
        }
    }

    /**
     * An agent was stopped with its program while it is waited for here. The kernel does not stop the program until its other threads
     * have been served: the agent must go on.
     */
    void release(int agent) {
        if (!agents.contains(agent)) {
            if (Linux.failed(Ptrace.seize(agent, Ptrace.O_EXITKILL))) {
                return;
            }
            agents.add(agent);
        }
        if (!Linux.failed(Ptrace.await(agent, status))) {
            agent(agent, Ptrace.status(status));
        }
    }

    private void agent(int tid, Status stop) {
        switch (stop) {
            case Status.Gone ignored -> agents.remove(tid);
            case Status.Signal(int number) -> Ptrace.resume(tid, number);
            default -> Ptrace.resume(tid, 0);
        }
    }

    private void serve(TracedTask task, Status stop) throws LinuxException {
        task.serve(true);
        try {
            switch (stop) {
                case Status.Gone gone -> gone(task, gone);
                case Status.Boundary() -> boundary(task);
                case Status.Signal(int number) -> signal(task, number);
                case Status.Event(int event, int signal) -> {
                    switch (event) {
                        case Ptrace.EVENT_SECCOMP -> systemCall(task);
                        case Ptrace.EVENT_FORK, Ptrace.EVENT_VFORK, Ptrace.EVENT_CLONE -> cloned(task);
                        case Ptrace.EVENT_EXEC -> executed(task);
                        case Ptrace.EVENT_EXIT -> exiting(task);
                        case Ptrace.EVENT_STOP -> {
                            if (signal == Signals.SIGTRAP) {
                                task.resumeInterrupted();
                            } else {
                                task.listen();
                            }
                        }
                        default -> task.resume(0);
                    }
                }
            }
        } finally {
            task.serve(false);
        }
        if (task.unserved() != null) {
            waiting.add(task);
        }
    }

    private void systemCall(TracedTask task) {
        ProgramThread thread = task.thread();
        if (thread == null) {
            task.resume(0);
            return;
        }
        if (task.passes()) {
            task.pass();
            return;
        }
        long number = task.systemCallNumber();
        if (number == SystemCall.RT_SIGPROCMASK && !thread.execution().inside()) {
            task.blocked().setMask();
            return;
        }
        switch (thread.systemCall(number, task.systemCallArguments())) {
            case SystemCallAnswer.Proceed() -> task.proceed(number, null);
            case SystemCallAnswer.ProceedThen(LongUnaryOperator then) -> task.proceed(number, then);
            case SystemCallAnswer.Interrupted() -> task.interrupt(number);
            case SystemCallAnswer.Fault(FaultAnswer fault) -> {
                task.leaveSystemCall();
                answer(task, fault);
            }
            case SystemCallAnswer.Result(long value) -> task.answer(value);
        }
    }

    private static void boundary(TracedTask task) {
        LongUnaryOperator then = task.takeThen();
        ProgramThread thread = task.thread();
        if (then == null && thread != null && thread.watchesSystemCalls()) {
            FaultAnswer fault = thread.execution().systemCallInside(TracedTask.SYSCALL_LENGTH);
            task.leaveSystemCall();
            answer(task, fault);
            return;
        }
        long result = task.registers().get(Register.RAX);
        if (then != null && !(result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK)) {
            task.answer(then.applyAsLong(result));
        } else {
            task.resume(0);
        }
    }

    private static void signal(TracedTask task, int number) {
        ProgramThread thread = task.thread();
        if (thread == null) {
            task.resume(number);
            return;
        }
        SignalInfo signal = task.signal();
        if (!isException(signal)) {
            thread.signal(number);
            task.blocked().keep(number);
            task.resume(number);
            return;
        }
        answer(task, thread.fault(signal));
    }

    private static void answer(TracedTask task, FaultAnswer answer) {
        switch (answer) {
            case FaultAnswer.Resume() -> task.resume(0);
            case FaultAnswer.Deliver(SignalInfo delivered) -> {
                task.blocked().force(delivered.number());
                task.deliver(delivered);
            }
        }
    }

    private static boolean isException(SignalInfo signal) {
        return signal.code() > 0
                && switch (signal.number()) {
                    case SignalInfo.SIGILL,
                            SignalInfo.SIGTRAP,
                            SignalInfo.SIGBUS,
                            SignalInfo.SIGFPE,
                            SignalInfo.SIGSEGV -> true;
                    default -> false;
                };
    }

    private void executed(TracedTask task) throws LinuxException {
        long former = task.event();
        TracedTask caller = task;
        TracedTask other = former == task.tid() ? null : tasks.remove((int) former);
        if (other != null) {
            // The thread that called exec has its process's identifier from now on; the one that had it is gone.
            ended(task, 0);
            caller = other;
            caller.becomeLeader();
            caller.stop();
            tasks.put(caller.tid(), caller);
        }
        Ptrace.resumeToSystemCall(caller.tid(), 0);
        Status boundary = caller.await();
        if (!(boundary instanceof Status.Boundary)) {
            caller.unserved(boundary);
            later(caller, task);
            return;
        }
        try {
            AgentChannel agent = prepareExecuted(caller);
            Process before = processes.put(caller.pid(), new Process(agent, true));
            if (before != null && before.own) {
                before.agent.gone();
                before.agent.close();
            }
            ProgramThread thread = caller.thread();
            if (thread == null) {
                executed = true;
                caller.thread(program.start(caller, agent));
            } else {
                thread.execed(agent);
            }
            caller.resume(0);
        } catch (LinuxException e) {
            refuse(caller, e);
        }
        later(caller, task);
    }

    /** What came of a task while another one was served is served later. */
    private void later(TracedTask task, TracedTask served) {
        if (task != served && task.unserved() != null) {
            waiting.add(task);
        }
    }

    private AgentChannel prepareExecuted(TracedTask task) throws LinuxException {
        if (!task.registers().is64Bit()) {
            throw new LinuxException("a 32-bit program in process " + task.pid(), Errors.ENOEXEC);
        }
        return preparation.afterExec(task, this::release);
    }

    /** A process that cannot be supervised does not run; where it is the first, neither does the program. */
    private void refuse(TracedTask task, LinuxException why) throws LinuxException {
        Linux.kill(task.pid(), Signals.SIGKILL);
        if (!executed) {
            throw why;
        }
    }

    private void cloned(TracedTask parent) throws LinuxException {
        int tid = (int) parent.event();
        ProgramThread thread = parent.thread();
        if (thread == null) {
            parent.resume(0);
            return;
        }
        boolean sibling = Files.exists(Path.of("/proc/%d/task/%d".formatted(parent.pid(), tid)));
        TracedTask child = new TracedTask(this, sibling ? parent.pid() : tid, tid);
        if (!early.remove(tid) && child.await() instanceof Status.Gone) {
            parent.resume(0);
            return;
        }
        child.stop();
        child.blocked().inherit(parent.blocked());
        tasks.put(tid, child);
        if (killed) {
            kill();
        }
        boolean shares = sibling || sharesMemory(parent.tid(), tid);
        long flags = (sibling ? CLONE_THREAD : 0) | (shares ? CLONE_VM : 0);
        Process process = processes.get(parent.pid());
        try {
            if (process == null) {
                throw new LinuxException("process " + parent.pid(), Errors.ESRCH);
            }
            AgentChannel agent = shares ? process.agent : preparation.afterFork(child, this::release);
            if (sibling) {
                process.threads++;
            } else {
                processes.put(tid, new Process(agent, !shares));
            }
            child.thread(thread.cloned(child, flags, agent));
            child.resume(0);
        } catch (LinuxException e) {
            refuse(child, e);
        }
        later(child, parent);
        parent.resume(0);
    }

    private static boolean sharesMemory(int one, int other) {
        return Linux.call(SystemCall.KCMP, one, other, KCMP_VM) == 0;
    }

    private void exiting(TracedTask task) {
        ended(task, (int) task.event());
        task.resume(0);
    }

    private void gone(TracedTask task, Status.Gone how) {
        ended(task, how.status());
        tasks.remove(task.tid());
        if (task.tid() == leader) {
            exitStatus = how.exitStatus();
        }
    }

    /** A thread of the program has executed its last instruction. */
    private void ended(TracedTask task, int exit) {
        if (task.hasEnded()) {
            return;
        }
        task.end();
        ProgramThread thread = task.thread();
        if (thread != null) {
            thread.exited(exit);
        }
        Process process = processes.get(task.pid());
        if (process != null && --process.threads == 0) {
            processes.remove(task.pid());
            if (process.own) {
                process.agent.close();
            }
        }
    }

    /** Stops a thread, wherever it is, and has it leave the enclave that it is in. Any thread may call it. */
    void evict(TracedTask task) {
        if (tracer == Thread.currentThread()) {
            leaveEnclave(task);
        } else {
            evictions.ask(task, this::wake);
        }
    }

    private void wake() {
        Attention waiting = attention;
        if (waiting != null) {
            waiting.wake();
        }
    }

    private void attend() {
        evictions.serve(this::leaveEnclave);
    }

    private void leaveEnclave(TracedTask task) {
        ProgramThread thread = task.thread();
        if (thread == null || tasks.get(task.tid()) != task) {
            return;
        }
        if (task.isServed()) {
            thread.evicted();
            return;
        }
        @Nullable Status stop = task.unserved();
        boolean fresh = stop == null && !task.isStopped();
        if (fresh) {
            if (Linux.failed(Ptrace.interrupt(task.tid()))) {
                return;
            }
            stop = task.await();
        }
        if (stop instanceof Status.Gone) {
            task.unserved(stop);
            waiting.add(task);
            return;
        }
        long before = task.registers().get(Register.RIP);
        thread.evicted();
        boolean left = task.registers().get(Register.RIP) != before;
        boolean superseded = left && isOfTheEnclave(task, stop);
        if (superseded || isInterruption(stop)) {
            // What stopped it happens again when it has resumed the enclave.
            task.unserved(null);
            task.registers().systemCall(-1);
            task.resume(0);
        } else if (fresh) {
            task.unserved(stop);
            waiting.add(task);
        }
    }

    private static boolean isInterruption(@Nullable Status stop) {
        return stop instanceof Status.Event(int event, int signal)
                && event == Ptrace.EVENT_STOP
                && signal == Signals.SIGTRAP;
    }

    private static boolean isOfTheEnclave(TracedTask task, @Nullable Status stop) {
        return switch (stop) {
            case Status.Signal ignored -> isException(task.signal());
            case Status.Event(int event, int ignored) -> event == Ptrace.EVENT_SECCOMP;
            case null, default -> false;
        };
    }
}
