package jsgx.machine.code;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;
import jsgx.machine.linux.Signals;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.task.Agent;

/**
 * The supervisor's side of an address space's agent. It is made before the agent, together with the process's pages; then the supervision maps these, makes
 * the agent ({@link CodeLayout#CLONE_AGENT}) and awaits it. Threads take turns.
 */
public final class AgentChannel implements Agent, AutoCloseable {

    /** How long to wait before a look whether the agent is still there. */
    private static final long PATIENCE_NANOS = 20_000_000;

    /** How long to wait for an agent that is not stopped. */
    private static final long LIMIT_NANOS = 10_000_000_000L;

    private static final char GONE = '-';

    /** How long the agent sleeps before it looks whether the supervisor is still there. */
    private static final long AGENTS_PATIENCE_NANOS = 200_000_000;

    /** How often to look for a reply before sleeping: most calls take no longer. */
    private static final int SPINS = 500;

    private static final VarHandle WORD = JAVA_INT.varHandle();

    private final ReentrantLock lock = new ReentrantLock();
    private final IntConsumer stopped;
    private final SharedMemory pages;
    private final MemorySegment mailbox;
    private int pid;
    private int tid;
    private int epcDescriptor;
    private int number;
    private boolean closed;
    private volatile boolean gone;

    /**
     * The channel of an agent that is to be.
     *
     * @param epcDescriptor this process's descriptor of the EPC
     */
    public AgentChannel(int epcDescriptor) throws LinuxException {
        this(epcDescriptor, agent -> {});
    }

    /**
     * The channel of an agent that is to be.
     *
     * @param epcDescriptor this process's descriptor of the EPC
     * @param stopped is given the agent, by whoever waits for it, where it was stopped with its program
     */
    public AgentChannel(int epcDescriptor, IntConsumer stopped) throws LinuxException {
        this.stopped = stopped;
        pages = new SharedMemory("jsgx-process", CodeLayout.PROCESS_PAGES_SIZE);
        mailbox = pages.memory().asSlice(0, CodeLayout.MAILBOX_SIZE);
        int supervisor = Linux.pid();
        mailbox.setString(AgentMailbox.PATH, "/proc/%d/fd/%d".formatted(supervisor, epcDescriptor));
        mailbox.set(JAVA_INT, AgentMailbox.INHERITED, -1);
        mailbox.set(JAVA_INT, AgentMailbox.SUPERVISOR, supervisor);
        mailbox.set(JAVA_SHORT, AgentMailbox.POLL + 4, (short) Linux.POLLIN);
        mailbox.set(JAVA_LONG, AgentMailbox.PATIENCE + 8, AGENTS_PATIENCE_NANOS);
        number = 1;
        mailbox.set(JAVA_INT, AgentMailbox.REQUEST, number);
    }

    /**
     * The agent that is to be opens nothing: the thread that makes it has the EPC open.
     *
     * @param descriptor of the EPC in the process
     */
    public void inherit(int descriptor) {
        mailbox.set(JAVA_INT, AgentMailbox.INHERITED, descriptor);
    }

    /** What the process's pages are: to be mapped shared at {@link CodeLayout#PROCESS_PAGES}. */
    public SharedMemory pages() {
        return pages;
    }

    /** This process's view of the scratch memory that the program has at {@link CodeLayout#SCRATCH}. */
    public MemorySegment scratch() {
        return pages.memory().asSlice(CodeLayout.MAILBOX_SIZE);
    }

    /**
     * Waits until the agent is there.
     *
     * @param process that it is a thread of
     * @param thread its identifier, as clone gave it
     */
    public void await(int process, int thread) throws LinuxException {
        lock.lock();
        try {
            pid = process;
            tid = thread;
            if (!awaitReply()) {
                throw new LinuxException("the agent in process " + process, Errors.ESRCH);
            }
            // Kept here: the mailbox is memory that the program may write.
            epcDescriptor = mailbox.get(JAVA_INT, AgentMailbox.EPC);
            Linux.check("open the EPC in process " + process, epcDescriptor);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long systemCall(long number, long... arguments) {
        return systemCalls(new Call(number, arguments))[0];
    }

    @Override
    public long[] systemCalls(Call... calls) {
        long[] results = new long[calls.length];
        lock.lock();
        try {
            for (int from = 0; from < calls.length; from += AgentMailbox.MAX_CALLS) {
                int count = Math.min(AgentMailbox.MAX_CALLS, calls.length - from);
                if (!turn(calls, from, count)) {
                    Arrays.fill(results, from, calls.length, -Errors.ESRCH);
                    return results;
                }
                for (int i = 0; i < count; i++) {
                    long call = AgentMailbox.CALLS + (long) i * AgentMailbox.CALL_SIZE;
                    results[from + i] = mailbox.get(JAVA_LONG, call + AgentMailbox.CALL_RESULT);
                }
            }
        } finally {
            lock.unlock();
        }
        return results;
    }

    private void write(Call call, long at) {
        mailbox.set(JAVA_LONG, at, call.number());
        for (int i = 0; i < 6; i++) {
            long argument = i < call.arguments().length ? call.arguments()[i] : 0;
            mailbox.set(JAVA_LONG, at + 8 + 8L * i, argument);
        }
    }

    /** Has the agent execute so many calls, as many as the mailbox holds at most; false where it is gone. */
    private boolean turn(Call[] calls, int from, int count) {
        if (gone) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            write(calls[from + i], AgentMailbox.CALLS + (long) i * AgentMailbox.CALL_SIZE);
        }
        post(count);
        return awaitReply();
    }

    private void post(int count) {
        mailbox.set(JAVA_INT, AgentMailbox.COUNT, count);
        number++;
        WORD.setVolatile(mailbox, (long) AgentMailbox.REQUEST, number);
        if ((int) WORD.getVolatile(mailbox, (long) AgentMailbox.ASLEEP) != 0) {
            Linux.futexWake(mailbox.address() + AgentMailbox.REQUEST, 1);
        }
    }

    private boolean awaitReply() {
        for (int i = 0; i < SPINS; i++) {
            if (reply() == number) {
                return true;
            }
            Thread.onSpinWait();
        }
        long since = System.nanoTime();
        WORD.setVolatile(mailbox, (long) AgentMailbox.WAITING, 1);
        try {
            while (!gone) {
                int reply = reply();
                if (reply == number) {
                    return true;
                }
                Linux.futexWait(mailbox.address() + AgentMailbox.REPLY, reply, PATIENCE_NANOS);
                if (System.nanoTime() - since > PATIENCE_NANOS && reply() != number) {
                    lookAfter(System.nanoTime() - since);
                }
            }
            return reply() == number;
        } finally {
            WORD.setVolatile(mailbox, (long) AgentMailbox.WAITING, 0);
        }
    }

    private int reply() {
        return (int) WORD.getVolatile(mailbox, (long) AgentMailbox.REPLY);
    }

    /** Finds out what an agent is about that has not answered for so long. */
    private void lookAfter(long nanos) {
        char state = state();
        if (state == GONE) {
            gone = true;
        } else if (state == 'T' || state == 't') {
            stopped.accept(tid);
        } else if (nanos > LIMIT_NANOS) {
            // Only a program that meddles with the agent comes here: nothing that the agent is asked for waits.
            Linux.kill(pid, Signals.SIGKILL);
            gone = true;
        }
    }

    /** The state of the agent's thread as /proc shows it; gone where the process's end or an exec has taken it. */
    private char state() {
        try {
            String stat = Files.readString(Path.of("/proc/%d/task/%d/stat".formatted(pid, tid)));
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state == 'Z' || state == 'X' ? GONE : state;
        } catch (IOException e) {
            return GONE;
        }
    }

    @Override
    public int epcDescriptor() {
        return epcDescriptor;
    }

    @Override
    public boolean isGone() {
        return gone;
    }

    /** The supervision knows that the address space is gone: nobody waits for the agent any longer. */
    public void gone() {
        gone = true;
        Linux.futexWake(mailbox.address() + AgentMailbox.REPLY, Integer.MAX_VALUE);
    }

    /** Ends the agent where it is still there, as after the end of the program's last thread, and frees the process's pages here. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!gone) {
                write(new Call(SystemCall.EXIT), AgentMailbox.CALLS);
                post(1);
                gone = true;
            }
            if (!closed) {
                closed = true;
                pages.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
