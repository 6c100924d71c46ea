package jsgx.machine.remote;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import jsgx.driver.EnclaveInfo;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.remote.Allowance.Resource;
import org.jspecify.annotations.Nullable;

/**
 * The events of a session, on their way to the front end: those of a call before its answer, others before the next one. Where more would wait than the user
 * may have, they are lost.
 */
final class SessionEvents implements EventSink {

    /** So many enclaves are remembered before those that are gone are looked for. */
    private static final int FEW_OWNERS = 64;

    private final Set<SgxEvent.Kind> wanted;
    private final Function<SgxEvent.Ioctl, byte[]> reports;
    private final Supplier<List<EnclaveInfo>> enclaves;
    private final Allowance allowance;
    private final SessionLanes lanes;

    /** Which process made each enclave of the session. */
    private final Map<Long, Integer> owners = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Queue<Out> waiting = new ArrayDeque<>();
    private int lookAt = FEW_OWNERS;
    private boolean over;

    /**
     * No events yet.
     *
     * @param enclaves all that there are
     */
    SessionEvents(
            Set<SgxEvent.Kind> wanted,
            Function<SgxEvent.Ioctl, byte[]> reports,
            Supplier<List<EnclaveInfo>> enclaves,
            Allowance allowance,
            SessionLanes lanes) {
        this.wanted = wanted;
        this.reports = reports;
        this.enclaves = enclaves;
        this.allowance = allowance;
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
            if (ioctl.enclave() != 0 && owners.putIfAbsent(ioctl.enclave(), ioctl.pid()) == null) {
                forgetTheGone();
            }
            if (ioctl.isInit()) {
                report = reports.apply(ioctl);
            }
        }
        tell(EventCode.write(event, report));
    }

    /** Nobody says when an enclave is gone: now and then all are looked through, so rarely that it costs each of them little. */
    private synchronized void forgetTheGone() {
        if (owners.size() >= lookAt) {
            // Before those that live: one that is made meanwhile is among neither.
            Set<Long> gone = new HashSet<>(owners.keySet());
            gone.removeAll(enclaves.get().stream().map(EnclaveInfo::id).collect(Collectors.toSet()));
            owners.keySet().removeAll(gone);
            lookAt = Math.max(FEW_OWNERS, 2 * owners.size());
        }
    }

    /** How many enclaves it remembers. */
    int remembered() {
        return owners.size();
    }

    /** A page of some enclave left the EPC, or came back: told where the enclave is one of the session. */
    void moved(long enclave, long address, boolean reclaimed) {
        @Nullable Integer pid = wants(SgxEvent.Kind.RECLAIM) ? owners.get(enclave) : null;
        if (pid != null) {
            add(EventCode.write(new SgxEvent.PageMoved(pid, pid, enclave, address, reclaimed), new byte[0]));
        }
    }

    private void tell(Out event) {
        if (!lanes.tell(event)) {
            add(event);
        }
    }

    private synchronized void add(Out event) {
        if (!over && allowance.take(Resource.EVENTS, 1)) {
            waiting.add(event);
        }
    }

    private synchronized @Nullable Out next() {
        Out event = waiting.poll();
        if (event != null) {
            allowance.give(Resource.EVENTS, 1);
        }
        return event;
    }

    /** Sends what waits. */
    void flush(Lane lane) {
        for (Out event = next(); event != null; event = next()) {
            lane.tell(event);
        }
    }

    /** Nobody hears of anything any more. */
    synchronized void close() {
        over = true;
        allowance.give(Resource.EVENTS, waiting.size());
        waiting.clear();
    }
}
