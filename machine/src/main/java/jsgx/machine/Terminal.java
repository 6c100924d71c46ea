package jsgx.machine;

import jsgx.machine.linux.IgnoredSignals;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.Signals;

/**
 * The signals that reach jsgx while a program runs. Those of the terminal reach the program too, whose business they are, so that jsgx ignores them
 * as a shell does. When jsgx is asked to end it asks the program to, and ends when the program has.
 */
final class Terminal implements AutoCloseable {

    private final IgnoredSignals ignored = IgnoredSignals.of(Signals.SIGINT, Signals.SIGQUIT);
    private final Thread hook = new Thread(this::end, "jsgx-end");
    private volatile int process;
    private volatile boolean running = true;

    private Terminal() {}

    static Terminal shared() {
        Terminal terminal = new Terminal();
        try {
            Runtime.getRuntime().addShutdownHook(terminal.hook);
        } catch (IllegalStateException e) {
            // It ends already, and so will the program, whose tracer ends.
            terminal.running = false;
        }
        return terminal;
    }

    /** The program has begun; its first process. */
    void began(int pid) {
        process = pid;
    }

    private void end() {
        if (!running || process == 0) {
            return;
        }
        Linux.kill(process, Signals.SIGTERM);
        synchronized (this) {
            while (running) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            running = false;
            notifyAll();
        }
        ignored.close();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It is ending: the hook has run, or finds nothing to do.
            process = 0;
        }
    }
}
