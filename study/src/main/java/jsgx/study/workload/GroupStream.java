package jsgx.study.workload;

import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import jsgx.arch.struct.Attributes;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.trace.Event;
import jsgx.study.workload.Parameters.Bursts;
import jsgx.study.workload.Parameters.Group;
import jsgx.study.workload.Parameters.Popularity;
import org.jspecify.annotations.Nullable;

/** What the workloads of one group do. */
final class GroupStream {

    /** Between two launches of a machine that starts. */
    private static final long BOOT_MICROS = 20_000;

    private static final int HASH = 32;
    private static final Attributes ATTRIBUTES = new Attributes(Attributes.MODE64BIT, 3);

    private final Generator generator;
    private final Group group;
    private final int place;
    private final RandomGenerator random;
    private final Arrivals arrivals;
    private final Zipf activity;
    private final @Nullable Zipf popularity;

    /** The workloads' numbers in the trace; likewise the guests' machines. */
    private final int[] workloads;

    private final int[] machines;
    private final Pool[] pools;
    private final int[] migrated;
    private long made;

    /** The enclaves of one workload, or of all; the first is the most popular one. */
    private static final class Pool {
        private final int owner;
        private final int[] enclaves;
        private int next;
        private long replaced;

        Pool(int owner, int size) {
            this.owner = owner;
            this.enclaves = new int[size];
        }
    }

    GroupStream(Generator generator, Group group, int place, double scale, SplittableRandom random) {
        this.generator = generator;
        this.group = group;
        this.place = place;
        this.random = random;
        this.workloads = new int[group.workloads()];
        this.machines = new int[group.workloads()];
        this.migrated = new int[group.workloads()];
        this.pools = new Pool[group.sameEnclaves() ? 1 : group.workloads()];
        this.activity = new Zipf(group.workloads(), group.activity());
        this.popularity = group.popularity() instanceof Popularity.Skewed skewed
                ? new Zipf(group.enclaves(), skewed.exponent())
                : null;
        for (int i = 0; i < workloads.length; i++) {
            String name = workloads.length == 1 ? group.name() : group.name() + "-" + i;
            int host = i % generator.hosts();
            machines[i] = group.guests() ? generator.builder().machine("guest-" + name, host) : host;
            workloads[i] = generator.builder().workload(name, machines[i]);
            if (group.attacks()) {
                generator.builder().attacks(workloads[i]);
            }
        }
        for (int i = 0; i < pools.length; i++) {
            pools[i] = new Pool(i, group.enclaves());
            for (int k = 0; k < group.enclaves(); k++) {
                pools[i].enclaves[k] = fresh(i);
            }
        }
        long from = (long) (group.from() * generator.runMicros());
        long to = (long) (group.to() * generator.runMicros());
        Bursts bursts = group.bursts();
        double each = bursts == null ? 1 : bursts.launches();
        this.arrivals = new Arrivals(
                group.arrivals(),
                Math.max(1, Math.round(group.launches() * scale / each)),
                from,
                to,
                generator.runMicros(),
                generator.days(),
                random.split());
        for (int i = 0; i < workloads.length; i++) {
            boot(i, from);
            spread((int) Parameters.scaled(group.reboots(), scale), from, to, i, this::reboot);
            spread((int) Parameters.scaled(group.migrations(), scale), from, to, i, this::migrate);
        }
    }

    boolean hasNext() {
        return arrivals.hasNext();
    }

    long peek() {
        return arrivals.peek();
    }

    /** The next launch, or the next burst of them. */
    void arrive() {
        long now = arrivals.peek();
        int workload = activity.draw(random);
        int enclave = choose(workload, now);
        Bursts bursts = group.bursts();
        if (bursts == null) {
            launch(now, workload, enclave);
        } else {
            burst(now, workload, enclave, bursts.launches());
        }
        arrivals.advance();
    }

    /** One of the most popular enclaves of the first workload. */
    int popular(int place) {
        return pools[0].enclaves[place];
    }

    /** Adds its workloads, if they know which launch is the last. */
    void knowing(BitSet all) {
        if (group.knowsLastLaunch()) {
            for (int workload : workloads) {
                all.set(workload);
            }
        }
    }

    /** Something that happens to a workload's guest. */
    @FunctionalInterface
    private interface Act {
        void at(int workload, long micros);
    }

    /** At any time of each of so many equal parts. */
    private void spread(int times, long from, long to, int workload, Act act) {
        long[] micros = new long[times];
        for (int i = 0; i < times; i++) {
            micros[i] = from + (long) ((i + random.nextDouble()) / times * (to - from));
        }
        generator.schedule(times, i -> micros[i], i -> act.at(workload, micros[i]));
    }

    private void boot(int workload, long from) {
        generator.schedule(
                group.boot(),
                i -> from + i * BOOT_MICROS,
                i -> launch(from + i * BOOT_MICROS, workload, pool(workload).enclaves[i]));
    }

    private void reboot(int workload, long micros) {
        generator.add(micros, Event.REBOOT, machines[workload], 0);
        boot(workload, micros);
    }

    private void migrate(int workload, long micros) {
        migrated[workload]++;
        int to = (workload + migrated[workload]) % generator.hosts();
        generator.add(micros, Event.MIGRATE, machines[workload], to);
    }

    private void burst(long now, int workload, int enclave, int left) {
        launch(now, workload, enclave);
        Bursts bursts = group.bursts();
        if (left > 1 && bursts != null) {
            double gap = -StrictMath.log(1 - random.nextDouble()) * bursts.micros() / bursts.launches();
            long next = now + (long) gap;
            generator.schedule(next, () -> burst(next, workload, enclave, left - 1));
        }
    }

    private void launch(long micros, int workload, int enclave) {
        generator.add(micros, Event.LAUNCH, workloads[workload], enclave);
    }

    private int choose(int workload, long now) {
        Pool pool = pool(workload);
        return switch (group.popularity()) {
            case Popularity.Once once -> fresh(pool.owner);
            case Popularity.Loop loop -> {
                drift(pool, now);
                pool.next = (pool.next + 1) % pool.enclaves.length;
                yield pool.enclaves[pool.next];
            }
            case Popularity.Skewed skewed -> {
                drift(pool, now);
                yield pool.enclaves[popularity == null ? 0 : popularity.draw(random)];
            }
        };
    }

    /** As many enclaves have been replaced as should be by now, each at a place chosen at random. */
    private void drift(Pool pool, long now) {
        double due = group.drift() * pool.enclaves.length * now / generator.runMicros();
        while (pool.replaced + 1 <= due) {
            pool.enclaves[random.nextInt(pool.enclaves.length)] = fresh(pool.owner);
            pool.replaced++;
        }
    }

    private Pool pool(int workload) {
        return pools[group.sameEnclaves() ? 0 : workload];
    }

    /** An enclave that no other is like: all of an owner have one signer. */
    private int fresh(int owner) {
        made++;
        long origin = (long) generator.name().hashCode() << Integer.SIZE | place;
        return generator.builder().enclave(TokenIdentity.of(hash(origin, made), hash(origin, -1 - owner), ATTRIBUTES));
    }

    private static byte[] hash(long origin, long number) {
        byte[] hash = new byte[HASH];
        new SplittableRandom(origin * 0x9e3779b97f4a7c15L + number).nextBytes(hash);
        return hash;
    }
}
