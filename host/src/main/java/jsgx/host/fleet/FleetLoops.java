package jsgx.host.fleet;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import jsgx.launch.LaunchException;

/**
 * What a host does for its fleet all the time, a thread each: it follows the fleet and renews its lease; listens, so that it follows at
 * once; does the rest of what it took over; and streams its trail.
 */
final class FleetLoops {

    private interface Work {
        void run() throws LaunchException;
    }

    private static final System.Logger LOG = System.getLogger("jsgx.host.fleet");
    private static final long STREAM_MILLIS = 100;
    private static final long TELL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final int LOOKS_A_LEASE = 5;
    private static final long LONGEST_PAUSE = 1000;

    private final FleetStore store;
    private final FleetRules rules;
    private final FleetStreamer streamer;
    private final FleetLease lease;
    private final Supplier<FleetHost> self;
    private final LongSupplier nanoClock;
    private final long pauseMillis;

    private final Semaphore look = new Semaphore(0);
    private final Semaphore rest = new Semaphore(0);
    private final List<Thread> threads;

    private volatile boolean stopped;
    private volatile long revision;

    /** What is the matter with each loop but the first, which the lease knows; empty for nothing. */
    private volatile String sharing = "";

    private volatile String settling = "";
    private volatile String streaming = "";

    private long told;

    FleetLoops(
            FleetStore store,
            FleetRules rules,
            FleetStreamer streamer,
            FleetLease lease,
            Supplier<FleetHost> self,
            Duration leaseTime,
            LongSupplier nanoClock) {
        this.store = store;
        this.rules = rules;
        this.streamer = streamer;
        this.lease = lease;
        this.self = self;
        this.nanoClock = nanoClock;
        this.pauseMillis = Math.clamp(leaseTime.toMillis() / LOOKS_A_LEASE, 1, LONGEST_PAUSE);
        this.told = nanoClock.getAsLong() - TELL_NANOS;
        this.threads = List.of(
                thread("fleet-follow", this::follow),
                thread("fleet-listen", this::listen),
                thread("fleet-settle", this::settle),
                thread("fleet-stream", this::stream));
    }

    private static Thread thread(String name, Runnable loop) {
        return Thread.ofPlatform().name(name).daemon().unstarted(loop);
    }

    void start() {
        threads.forEach(Thread::start);
    }

    /** The fleet's revision that is in force here. */
    long revision() {
        return revision;
    }

    String trouble() {
        for (String each : List.of(lease.trouble(), sharing, settling, streaming)) {
            if (!each.isEmpty()) {
                return each;
            }
        }
        return "";
    }

    /** There is something to do. */
    void wake() {
        look.release();
        rest.release();
    }

    private void follow() {
        while (!stopped) {
            long asked = nanoClock.getAsLong();
            String wrong = attempt(() -> {
                rules.follow();
                long now = rules.revision();
                if (now != revision) {
                    revision = now;
                    rest.release();
                }
                lease.renew(asked);
            });
            if (!wrong.isEmpty()) {
                lease.fail(wrong);
            } else {
                sharing = attempt(rules::share);
            }
            lease.recordChange();
            pause(look, pauseMillis);
        }
    }

    private void listen() {
        while (!stopped) {
            // The follower asks in any case; to be told only makes it sooner.
            attempt(() -> store.listen(look::release));
            pause(new Semaphore(0), pauseMillis);
        }
    }

    private void settle() {
        while (!stopped) {
            pause(rest, LONGEST_PAUSE);
            settling = attempt(rules::settle);
        }
    }

    private void stream() {
        while (!stopped) {
            streaming = attempt(streamer::stream);
            tell();
            pause(new Semaphore(0), STREAM_MILLIS);
        }
    }

    private void tell() {
        long now = nanoClock.getAsLong();
        if (now - told >= TELL_NANOS) {
            told = now;
            attempt(() -> store.tell(self.get()));
        }
    }

    private String attempt(Work work) {
        try {
            work.run();
            return "";
        } catch (LaunchException e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException e) {
            // What others put into the engine must not end a loop.
            LOG.log(System.Logger.Level.ERROR, "a fault in jsgx, while it served its fleet", e);
            return "a fault in jsgx: " + e;
        }
    }

    private void pause(Semaphore until, long millis) {
        try {
            if (!stopped && until.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
                until.drainPermits();
            }
        } catch (InterruptedException e) {
            // Whoever stops this says so.
        }
    }

    /** Streams what is left within this time, and ends all. */
    void stop(Duration grace) {
        stopped = true;
        long end = System.nanoTime() + grace.toNanos();
        // The listener waits for what may never come.
        wake();
        Thread last = Thread.ofPlatform().name("fleet-last").daemon().start(() -> {
            attempt(rules::settle);
            attempt(streamer::stream);
            attempt(() -> store.tell(self.get()));
        });
        join(last, end);
        store.close();
        for (Thread each : threads) {
            each.interrupt();
            join(each, System.nanoTime() + TimeUnit.SECONDS.toNanos(2));
        }
        join(last, System.nanoTime() + TimeUnit.SECONDS.toNanos(2));
        streamer.close();
    }

    private static void join(Thread thread, long until) {
        try {
            thread.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
