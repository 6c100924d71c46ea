package jsgx.machine.remote;

import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import org.jspecify.annotations.Nullable;

/** The events of a session, on their way to the front end: those of a call before its answer, others before the next one. */
final class SessionEvents implements EventSink {

    /** More events than this do not wait: they are lost. */
    private static final int CAPACITY = 1 << 14;

    private final Set<SgxEvent.Kind> wanted;
    private final Function<SgxEvent.Ioctl, byte[]> reports;
    private final SessionLanes lanes;
    private final Map<Long, Integer> owners = new ConcurrentHashMap<>();
    private final Queue<Out> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    SessionEvents(Set<SgxEvent.Kind> wanted, Function<SgxEvent.Ioctl, byte[]> reports, SessionLanes lanes) {
        this.wanted = wanted;
        this.reports = reports;
        this.lanes = lanes;
    }

    @Override
    public boolean wants(SgxEvent.Kind kind) {
        // INITs are explained in any case.
        return kind == SgxEvent.Kind.IOCTL || wanted.contains(kind);
    }

    @Override
    public void event(SgxEvent event) {
        byte[] report = {};
        if (event instanceof SgxEvent.Ioctl ioctl) {
            if (ioctl.enclave() != 0) {
                owners.putIfAbsent(ioctl.enclave(), ioctl.pid());
            }
            if (ioctl.isInit()) {
                report = reports.apply(ioctl);
            }
        }
        tell(EventCode.write(event, report));
    }

    /** A page of some enclave left the EPC, or came back: told where the enclave is one of the session. */
    void moved(long enclave, long address, boolean reclaimed) {
        @Nullable Integer pid = wants(SgxEvent.Kind.RECLAIM) ? owners.get(enclave) : null;
        if (pid != null) {
            wait(EventCode.write(new SgxEvent.PageMoved(pid, pid, enclave, address, reclaimed), new byte[0]));
        }
    }

    private void tell(Out event) {
        if (!lanes.tell(event)) {
            wait(event);
        }
    }

    private void wait(Out event) {
        if (count.get() < CAPACITY) {
            count.getAndIncrement();
            waiting.add(event);
        }
    }

    /** Sends what waits. */
    void flush(Lane lane) {
        for (Out event = waiting.poll(); event != null; event = waiting.poll()) {
            count.getAndDecrement();
            lane.tell(event);
        }
    }
}
