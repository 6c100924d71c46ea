package jsgx.machine.fast;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.BiFunction;
import jsgx.machine.code.AgentChannel;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.code.CodePages;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.Spawner;
import jsgx.machine.linux.StartCode;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;
import org.jspecify.annotations.Nullable;

/** A run of a program with a stub in it. */
public final class FastSupervision {

    /** The slot of a process's first thread. */
    static final int FIRST_SLOT = 1;

    private final CodePages code;
    private final long stubHandler;
    private final byte[] filter;
    private final int epcDescriptor;
    private final BiFunction<Task, Agent, Served> start;
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile int root;
    private volatile @Nullable LinuxException failure;

    FastSupervision(
            CodePages code, Stub stub, byte[] filter, int epcDescriptor, BiFunction<Task, Agent, Served> start) {
        this.code = code;
        this.stubHandler = CodeLayout.STUB + stub.handler();
        this.filter = filter.clone();
        this.epcDescriptor = epcDescriptor;
        this.start = start;
    }

    int epcDescriptor() {
        return epcDescriptor;
    }

    /** Runs a program to its end: its exit status, or 128 and the signal that killed it. */
    int run(String path, List<String> arguments, Map<String, String> environment)
            throws LinuxException, InterruptedException {
        Thread.ofPlatform().daemon().name("jsgx-start").start(() -> start(path, arguments, environment));
        over.await();
        LinuxException failed = failure;
        if (failed != null) {
            throw failed;
        }
        return reap();
    }

    private int reap() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(8, 8);
            long result;
            do {
                result = Linux.call(
                        SystemCall.WAIT4, root, status.address(), 0, 0);
            } while (result == -Errors.EINTR);
            return Ptrace.status(status) instanceof Ptrace.Status.Gone gone ? gone.exitStatus() : 0;
        }
    }

    private void start(String path, List<String> arguments, Map<String, String> environment) {
        try {
            int pid = Spawner.start(path, arguments, environment);
            root = pid;
            FastThread thread = start(pid);
            thread.run();
        } catch (LinuxException e) {
            failed(e);
            over.countDown();
        }
    }

    private FastThread start(int pid) throws LinuxException {
        try (Seized seized = Seized.seize(pid, pid, StartCode.SYSTEM_CALL)) {
            seized.stop();
            seized.load();
            seized.set(Seized.RIP, StartCode.EXECUTE);
            seized.set(Seized.ORIG_RAX, -1);
            seized.store();
            seized.run();
            if (seized.awaitEvent(() -> false).isEmpty()) {
                throw new LinuxException("execute the program", seized.exitStatus());
            }
            seized.finishExec();
            seized.signalMask(-1L);
            FastProcess process = prepare(seized, pid, 0, true);
            ThreadArea area = new ThreadArea(process.areas().memory(FIRST_SLOT), ThreadAreas.address(FIRST_SLOT));
            FastTask task = new FastTask(pid, pid, area);
            Served served = start.apply(task, process.agent());
            seized.signalMask(0);
            return new FastThread(this, process, task, FIRST_SLOT, new ThreadSignals(task, 0), served);
        }
    }

    /** Makes the address space of a new program ready. */
    FastProcess prepare(Seized seized, int pid, long ignored, boolean first) throws LinuxException {
        SpaceSetup setup = new SpaceSetup(seized);
        ThreadAreas areas = new ThreadAreas();
        areas.allocate(FIRST_SLOT);
        FastProcess process = new FastProcess(
                pid, new SignalActions(stubHandler, ignored), areas, new AgentChannel(epcDescriptor), false);
        ThreadArea area = new ThreadArea(areas.memory(FIRST_SLOT), ThreadAreas.address(FIRST_SLOT));
        setup.code(code);
        long path = setup.belowStack();
        setup.map(areas.descriptor(), CodeLayout.THREAD_AREAS, AreaLayout.BYTES, path);
        setup.map(process.agent().pages().descriptor(), CodeLayout.PROCESS_PAGES, CodeLayout.PROCESS_PAGES_SIZE, path);
        keep(process, setup.agent(process.agent(), pid));
        setup.alternateStack(area);
        setup.handlers(area, stubHandler);
        setup.independent();
        setup.traceable();
        if (first) {
            setup.filter(area, filter);
        }
        return process;
    }

    /** Watches over a process with an agent of its own. */
    void keep(FastProcess process, int agentTid) throws LinuxException {
        Keeper.start(agentTid, () -> {
            if (process.gone()) {
                ended(process);
            }
        });
    }

    /** A process is at its end: its parent will know when this returns. */
    void ended(FastProcess process) {
        if (process.pid() == root) {
            over.countDown();
        }
    }

    /** Serves a new thread from now on. */
    void serve(FastThread thread) {
        Thread.ofPlatform()
                .daemon()
                .name("jsgx-thread-" + thread.task().tid())
                .start(thread);
    }

    void kill(int pid) {
        Linux.kill(pid, Signals.SIGKILL);
    }

    /** Something failed that ends the run. */
    void failed(LinuxException e) {
        failure = e;
    }
}
