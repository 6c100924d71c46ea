package jsgx.host;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;

/** A host that serves: what runs, and its services, which begin in order and end in the reverse order. */
public final class Host {

    private final HostContext context;
    private final List<Service> services;
    private final List<Service> started = new ArrayList<>();

    /** A host that has not begun. */
    public Host(HostContext context, List<Service> services) {
        this.context = context;
        this.services = List.copyOf(services);
    }

    /** What runs. */
    public HostContext context() {
        return context;
    }

    /** Its services. */
    public List<Service> services() {
        return services;
    }

    /**
     * Begins all services; returns when each serves.
     *
     * @throws HostException where one cannot; those before it have ended then
     */
    public synchronized void start() throws HostException {
        for (Service service : services) {
            try {
                service.start();
            } catch (HostException e) {
                stop(Duration.ZERO);
                throw e;
            }
            started.add(service);
        }
    }

    /** Ends what has begun; launches in flight finish within the time given, which all services share. */
    public synchronized void stop(Duration grace) {
        long end = System.nanoTime() + grace.toNanos();
        for (Service service : started.reversed()) {
            service.stop(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
        started.clear();
    }
}
