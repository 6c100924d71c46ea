package jsgx.machine.traced;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntConsumer;
import jsgx.arch.RegisterFile.Register;
import jsgx.machine.code.CodePages;
import jsgx.machine.linux.Command;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.Ptrace;
import jsgx.machine.linux.Ptrace.Status;
import jsgx.machine.linux.RemoteMemory;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.Spawner;
import jsgx.machine.linux.StartCode;
import jsgx.machine.linux.StartException;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.Program;

/** Runs a program whose every event stops it until a tracer has served it. */
public final class TracedSupervision {

    private static final int OPTIONS = Ptrace.O_TRACESYSGOOD
            | Ptrace.O_TRACEFORK
            | Ptrace.O_TRACEVFORK
            | Ptrace.O_TRACECLONE
            | Ptrace.O_TRACEEXEC
            | Ptrace.O_TRACEEXIT
            | Ptrace.O_TRACESECCOMP
            | Ptrace.O_EXITKILL;

    private static final int PR_SET_PDEATHSIG = 1;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SECCOMP_SET_MODE_FILTER = 1;
    private static final int SYSCALL_LENGTH = 2;
    private static final int FILTER_INSTRUCTION = 8;

    /** How far below the stack pointer the operands of the first system calls lie. */
    private static final int BELOW_STACK = 1 << 15;

    private final Program program;
    private final CodePages code;
    private final int epcDescriptor;
    private final byte[] filter;
    private final IntConsumer began;

    /**
     * A supervision.
     *
     * @param epcDescriptor this process's descriptor of the EPC
     * @param filter the seccomp filter, a classic BPF program, that tells which system calls stop the program
     * @param began is given the program's process before it executes anything of its own
     */
    public TracedSupervision(Program program, CodePages code, int epcDescriptor, byte[] filter, IntConsumer began) {
        this.program = program;
        this.code = code;
        this.epcDescriptor = epcDescriptor;
        this.filter = filter.clone();
        this.began = began;
    }

    /**
     * Runs a program until no process of it is left; all of them are killed where the calling thread is interrupted.
     *
     * @return the exit status of its first process, or 128 and the signal that killed it
     */
    public int run(Command command) throws LinuxException, StartException, InterruptedException {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        Tracer tracer = new Tracer(program, new Preparation(code, epcDescriptor));
        // The kernel knows a tracer by its thread, and kills what it traces when the thread ends.
        Thread thread = Thread.ofPlatform().name("jsgx-tracer").daemon().start(() -> {
            try {
                result.complete(trace(command, tracer));
            } catch (Exception | Error e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get();
        } catch (InterruptedException e) {
            tracer.kill();
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case LinuxException cause -> throw cause;
                case StartException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IllegalStateException(e);
            }
        } finally {
            join(thread);
        }
    }

    /** The tracer's end does not depend on anybody any more. */
    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private int trace(Command command, Tracer tracer) throws LinuxException, StartException {
        int pid = Spawner.start(command);
        boolean reaped = false;
        try {
            TracedTask task = new TracedTask(tracer, pid, pid);
            seize(task);
            try {
                prepare(task, command.directory());
            } catch (LinuxException e) {
                throw new StartException(StartException.Kind.PREPARE, e);
            }
            began.accept(pid);
            tracer.begin(task);
            task.resume(0);
            int status = tracer.run();
            reaped = true;
            if (!tracer.hasExecuted()) {
                throw new StartException(status);
            }
            return status;
        } finally {
            if (!reaped) {
                tracer.kill();
                Linux.kill(pid, Signals.SIGKILL);
                Linux.call(SystemCall.WAIT4, pid, 0, 0, 0);
            }
        }
    }

    private static void seize(TracedTask task) throws StartException {
        try {
            Linux.check("ptrace", Ptrace.seize(task.tid(), OPTIONS));
            Linux.check("ptrace", Ptrace.interrupt(task.tid()));
            Status stop = task.await();
            while (stop instanceof Status.Event(int event, int ignored) && event != Ptrace.EVENT_STOP) {
                // posix_spawn returns a little earlier than the exec of our code does. That stop took the
                // interruption's place.
                Linux.check("ptrace", Ptrace.interrupt(task.tid()));
                task.resume(0);
                stop = task.await();
            }
            if (!(stop instanceof Status.Event)) {
                throw new LinuxException("ptrace", Errors.ESRCH);
            }
        } catch (LinuxException e) {
            throw new StartException(StartException.Kind.TRACE, e);
        }
    }

    private void prepare(TracedTask task, Path directory) throws LinuxException {
        long operands = task.registers().get(Register.RSP) - BELOW_STACK;
        call("end with the supervisor's tracer", task, SystemCall.PRCTL, PR_SET_PDEATHSIG, 0);
        write(task, operands, (directory + "\0").getBytes(StandardCharsets.UTF_8));
        call("change to " + directory, task, SystemCall.CHDIR, operands);
        byte[] program = new byte[16 + filter.length];
        MemorySegment view = MemorySegment.ofArray(program);
        view.set(JAVA_SHORT.withByteAlignment(1), 0, (short) (filter.length / FILTER_INSTRUCTION));
        view.set(JAVA_LONG.withByteAlignment(1), 8, operands + 16);
        MemorySegment.copy(filter, 0, view, JAVA_BYTE, 16, filter.length);
        write(task, operands, program);
        long installed = execute(task, SystemCall.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, operands);
        if (installed == -Errors.EACCES) {
            // Only who may do anything can have a filter and yet gain rights by exec.
            call("prctl", task, SystemCall.PRCTL, PR_SET_NO_NEW_PRIVS, 1);
            installed = execute(task, SystemCall.SECCOMP, SECCOMP_SET_MODE_FILTER, 0, operands);
        }
        Linux.check("install a seccomp filter", installed);
        task.registers().set(Register.RIP, StartCode.EXECUTE);
        task.registers().systemCall(-1);
    }

    private static void write(TracedTask task, long address, byte[] bytes) throws LinuxException {
        if (!new RemoteMemory(task.pid()).write(address, bytes)) {
            throw new LinuxException("write to process " + task.pid(), Errors.EFAULT);
        }
    }

    private static long execute(TracedTask task, int number, long... arguments) {
        return task.execute(StartCode.SYSTEM_CALL, StartCode.SYSTEM_CALL + SYSCALL_LENGTH, number, arguments);
    }

    private static void call(String what, TracedTask task, int number, long... arguments) throws LinuxException {
        Linux.check(what, execute(task, number, arguments));
    }
}
