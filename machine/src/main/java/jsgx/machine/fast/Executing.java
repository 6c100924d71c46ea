package jsgx.machine.fast;

import java.util.Optional;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.LinuxException;

/** An execve of the program: the stub executes it, seized by ptrace, and the new program gets all that the old one had before it begins. */
final class Executing {

    private final FastSupervision supervision;
    private final FastThread thread;

    Executing(FastSupervision supervision, FastThread thread) {
        this.supervision = supervision;
        this.thread = thread;
    }

    /** Executes the call: 0 where there is another program now, otherwise what the program finds. */
    long execute(long number, long[] arguments) {
        FastTask task = thread.task();
        try (Seized seized = Seized.seize(task.pid(), task.tid(), CodeLayout.SYSTEM_CALL)) {
            thread.executing(true);
            task.area().execute(number, arguments);
            Optional<Seized.Event> event = seized.awaitEvent(() -> task.area().state() == AreaLayout.POSTED);
            if (event.isEmpty()) {
                thread.executing(false);
                if (!seized.isGone()) {
                    seized.stop();
                }
                return seized.isGone() ? died() : task.area().result();
            }
            executed(seized);
            return 0;
        } catch (LinuxException e) {
            thread.executing(false);
            return -Errors.EAGAIN;
        }
    }

    private long died() {
        thread.died();
        supervision.ended();
        return -Errors.ESRCH;
    }

    private void executed(Seized seized) {
        seized.finishExec();
        if (thread.process().isBorrowed()) {
            supervision.began();
        }
        try {
            FastProcess process = supervision.prepare(
                    seized, thread.task().pid(), thread.process().actions().ignored(), false);
            seized.signalMask(SignalMask.real(thread.signals().mask()));
            ThreadArea area = new ThreadArea(
                    process.areas().memory(AreaLayout.FIRST_SLOT), ThreadAreas.address(AreaLayout.FIRST_SLOT));
            ThreadAreas before = thread.process().areas();
            int slot = thread.slot();
            int tid = thread.task().tid();
            thread.moved(process, AreaLayout.FIRST_SLOT, area);
            try {
                // The former address space goes, whose leases lie in its areas.
                thread.served().execed(process.agent());
                EmbeddedSgx.space(thread.served().space()).watch(process.leases());
            } finally {
                before.release(slot, tid);
            }
        } catch (LinuxException e) {
            supervision.failed(e);
            supervision.kill(thread.task().pid());
            died();
        }
    }
}
