package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import jsgx.machine.code.AgentChannel;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.code.CodePages;
import jsgx.machine.code.KernelVdso;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.linux.Command;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.SeccompFilter;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.Spawner;
import jsgx.machine.linux.StartCode;
import jsgx.machine.linux.StartException;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.FilteredCalls;
import jsgx.machine.program.Program;
import jsgx.machine.program.ProgramThread;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program with a stub in it, which passes on to Java what it cannot serve itself. Nobody traces the program's threads but while they begin.
 */
public final class FastSupervision {

    private static final Stub STUB = new Stub();
    private static final long STUB_HANDLER = CodeLayout.STUB + STUB.handler();

    /** System calls that concern the supervision itself. */
    private static final int[] OWN_CALLS = {
        SystemCall.RT_SIGACTION,
        SystemCall.RT_SIGPROCMASK,
        SystemCall.SIGALTSTACK,
        SystemCall.RT_SIGRETURN,
        SystemCall.CLONE,
        SystemCall.FORK,
        SystemCall.VFORK,
        SystemCall.EXIT
    };

    private static final int HWCAP2 = 26;
    private static final int HWCAP2_FSGSBASE = 2;
    private static final int BELOW_STACK = 1 << 15;

    private final Program program;
    private final CodePages code;
    private final byte[] filter;
    private final int epcDescriptor;
    private final IntConsumer started;
    private final CountDownLatch over = new CountDownLatch(1);
    private final AtomicInteger processes = new AtomicInteger();
    private final Set<FastProcess> live = ConcurrentHashMap.newKeySet();
    private volatile boolean interrupted;
    private volatile int root;
    private volatile @Nullable Throwable failure;

    /**
     * A supervision.
     *
     * @param code of {@link #code}
     * @param epcDescriptor this process's descriptor of the EPC
     * @param started is given the program's process before it executes anything of its own
     */
    public FastSupervision(Program program, CodePages code, int epcDescriptor, IntConsumer started) {
        this.program = program;
        this.code = code;
        this.epcDescriptor = epcDescriptor;
        this.started = started;
        SeccompFilter calls = new SeccompFilter(CodeLayout.CODE, CodeLayout.CODE + CodeLayout.CODE_SIZE);
        FilteredCalls.pick(calls, SeccompFilter.Action.TRAP);
        for (int number : OWN_CALLS) {
            calls.pick(number, SeccompFilter.Action.TRAP);
        }
        // Its arguments lie in memory; every libc knows the older call.
        calls.refuse(SystemCall.CLONE3, Errors.ENOSYS);
        filter = calls.program();
    }

    /** The code that programs get which are supervised so. */
    public static CodePages code(KernelVdso kernel) {
        return CodePages.of(kernel, STUB.code(), CodeLayout.STUB + STUB.enter());
    }

    /** Why programs cannot be supervised so on this machine, in a sentence; null where they can. */
    public static @Nullable String obstacle() {
        try {
            byte[] vector = Files.readAllBytes(Path.of("/proc/self/auxv"));
            MemorySegment words = MemorySegment.ofArray(vector);
            for (long at = 0; at + 16 <= vector.length; at += 16) {
                if (words.get(JAVA_LONG.withByteAlignment(1), at) == HWCAP2
                        && (words.get(JAVA_LONG.withByteAlignment(1), at + 8) & HWCAP2_FSGSBASE) != 0) {
                    return null;
                }
            }
        } catch (IOException e) {
            return "/proc/self/auxv cannot be read: " + e.getMessage();
        }
        return "user space may not use RDFSBASE and WRFSBASE (AT_HWCAP2, bit 1)";
    }

    int epcDescriptor() {
        return epcDescriptor;
    }

    /**
     * Runs a program until no process of it is left.
     *
     * @return the exit status of its first process, or 128 and the signal that killed it
     */
    public int run(Command command) throws LinuxException, StartException, InterruptedException {
        Thread.ofPlatform().daemon().name("jsgx-thread").start(() -> start(command));
        try {
            over.await();
        } catch (InterruptedException e) {
            interrupted = true;
            live.forEach(process -> kill(process.pid()));
            throw e;
        }
        switch (failure) {
            case LinuxException e -> throw e;
            case StartException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case null, default -> {}
        }
        return reap();
    }

    private int reap() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(JAVA_LONG);
            long result;
            do {
                result = Linux.call(SystemCall.WAIT4, root, status.address(), 0, 0);
            } while (result == -Errors.EINTR);
            return Ptrace.status(status) instanceof Ptrace.Status.Gone gone ? gone.exitStatus() : 0;
        }
    }

    private void start(Command command) {
        int pid = 0;
        FastThread thread;
        try {
            pid = Spawner.start(command);
            root = pid;
            thread = start(pid, command.directory());
        } catch (Exception | Error e) {
            failure = e;
            if (pid != 0) {
                kill(pid);
                reap();
            }
            over.countDown();
            return;
        }
        thread.run();
    }

    private FastThread start(int pid, Path directory) throws StartException {
        try (Seized seized = seize(pid)) {
            seized.stop();
            changeTo(seized, directory);
            seized.load();
            seized.set(Seized.RIP, StartCode.EXECUTE);
            seized.set(Seized.ORIG_RAX, -1);
            seized.store();
            seized.run();
            if (seized.awaitEvent(() -> false).isEmpty()) {
                throw new StartException(seized.exitStatus());
            }
            seized.finishExec();
            seized.signalMask(-1L);
            FastProcess process = prepare(seized, pid, ignored(pid), true);
            began();
            ThreadArea area = new ThreadArea(
                    process.areas().memory(AreaLayout.FIRST_SLOT), ThreadAreas.address(AreaLayout.FIRST_SLOT));
            FastTask task = new FastTask(pid, pid, area);
            started.accept(pid);
            ProgramThread served = program.start(task, process.agent());
            EmbeddedSgx.space(served.space()).watch(process.leases());
            seized.signalMask(0);
            return new FastThread(this, process, task, AreaLayout.FIRST_SLOT, new ThreadSignals(task, 0), served);
        } catch (LinuxException e) {
            throw new StartException(StartException.Kind.PREPARE, e);
        }
    }

    private static Seized seize(int pid) throws StartException {
        try {
            return Seized.seize(pid, pid, StartCode.SYSTEM_CALL);
        } catch (LinuxException e) {
            throw new StartException(StartException.Kind.TRACE, e);
        }
    }

    private static void changeTo(Seized seized, Path directory) throws LinuxException {
        seized.load();
        long at = seized.get(Seized.RSP) - BELOW_STACK;
        byte[] path = (directory + "\0").getBytes(StandardCharsets.UTF_8);
        if (!new RemoteMemory(seized.tid()).write(at, path)) {
            throw new LinuxException("write to process " + seized.tid(), Errors.EFAULT);
        }
        Linux.check("change to " + directory, seized.systemCall(SystemCall.CHDIR, at));
    }

    /** The signals that a process ignores. */
    private static long ignored(int pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
                if (line.startsWith("SigIgn:")) {
                    return Long.parseUnsignedLong(line.substring(7).strip(), 16);
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return 0;
    }

    /** Makes the address space of a new program ready. */
    FastProcess prepare(Seized seized, int pid, long ignored, boolean first) throws LinuxException {
        SpaceSetup setup = new SpaceSetup(seized);
        FastProcess process = process(pid, new SignalActions(STUB_HANDLER, ignored));
        ThreadAreas areas = process.areas();
        areas.allocate(AreaLayout.FIRST_SLOT);
        ThreadArea area =
                new ThreadArea(areas.memory(AreaLayout.FIRST_SLOT), ThreadAreas.address(AreaLayout.FIRST_SLOT));
        setup.code(code);
        long path = setup.belowStack();
        setup.map(areas.descriptor(), CodeLayout.THREAD_AREAS, AreaLayout.BYTES, path);
        setup.map(process.agent().pages().descriptor(), CodeLayout.PROCESS_PAGES, CodeLayout.PROCESS_PAGES_SIZE, path);
        keep(process, setup.agent(process.agent(), pid));
        setup.alternateStack(area);
        setup.handlers(area, STUB_HANDLER);
        setup.independent();
        setup.traceable();
        setup.trapCpuid();
        if (first) {
            setup.filter(area, filter);
        }
        return process;
    }

    /** A process with an address space of its own. */
    FastProcess process(int pid, SignalActions actions) throws LinuxException {
        ThreadAreas areas = new ThreadAreas();
        return new FastProcess(pid, actions, areas, new AgentChannel(epcDescriptor), new Leases(areas, STUB), false);
    }

    /** Another process of the program there is. */
    void began() {
        processes.getAndIncrement();
    }

    /** Watches over a process with an agent of its own. */
    void keep(FastProcess process, int agentTid) throws LinuxException {
        live.add(process);
        if (interrupted) {
            kill(process.pid());
        }
        Keeper.start(agentTid, () -> {
            live.remove(process);
            boolean end = process.gone();
            process.agent().close();
            if (end) {
                ended();
            }
        });
    }

    /** A process is at its end: its parent will know when this returns. */
    void ended() {
        if (processes.decrementAndGet() == 0) {
            over.countDown();
        }
    }

    /** Serves a new thread from now on. */
    void serve(FastThread thread) {
        Thread.ofPlatform().daemon().name("jsgx-thread-" + thread.task().tid()).start(thread);
    }

    void kill(int pid) {
        Linux.kill(pid, Signals.SIGKILL);
    }

    /** Something failed that ends the run. */
    void failed(Throwable why) {
        failure = why;
    }
}
