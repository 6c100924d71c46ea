package jsgx.study.simulation;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import jsgx.study.trace.Trace;

/**
 * The most hits that any design of a capacity can have on a trace: MIN, which knows the future, keeps what is needed soonest, and keeps nothing that is needed
 * later than all it has. It has one place for all machines and workloads, and its tokens are there at once; one launches wherever EINIT would take it.
 *
 * @see <a href="https://doi.org/10.1147/sj.52.0078">Belady: A study of replacement algorithms for a virtual-storage computer, IBM Systems
 *     Journal 5(2), 1966</a>
 */
final class Belady {

    private static final int NEVER = Integer.MAX_VALUE;

    private Belady() {}

    /**
     * Its hits.
     *
     * @param capacity how many tokens it may keep
     */
    static long hits(Trace trace, Enclaves enclaves, long capacity) {
        if (capacity <= 0) {
            return 0;
        }
        return hits(nextUses(trace, enclaves), capacity);
    }

    /**
     * The hits on some requests.
     *
     * @param nextUses for each request the number of the next request of the same token, {@link #NEVER} for none
     */
    static long hits(int[] nextUses, long capacity) {
        // A kept token is known by the request that needs it next.
        Marks kept = new Marks(nextUses.length);
        long count = 0;
        long hits = 0;
        for (int request = 0; request < nextUses.length; request++) {
            if (kept.remove(request)) {
                hits++;
                count--;
            }
            int next = nextUses[request];
            if (next == NEVER) {
                continue;
            }
            if (count == capacity) {
                int last = kept.last();
                if (last < next) {
                    continue;
                }
                kept.remove(last);
                count--;
            }
            kept.add(next);
            count++;
        }
        return hits;
    }

    /** For each launch of a trace that is not refused, which one next can use its token. */
    static int[] nextUses(Trace trace, Enclaves enclaves) {
        int[] next = new int[trace.size()];
        Arrays.fill(next, NEVER);
        Packages packages = new Packages(trace);
        BitSet revoked = new BitSet();
        Map<Long, Long> launchKeys = new HashMap<>();
        Chains chains = new Chains();
        int requests = 0;
        for (int event = 0; event < trace.size(); event++) {
            int subject = trace.subject(event);
            switch (trace.event(event)) {
                case LAUNCH, LAST_LAUNCH -> {
                    int enclave = enclaves.first(trace.object(event));
                    if (!revoked.get(enclave)) {
                        int machine = trace.machine(subject);
                        long launchKey = launchKeys.computeIfAbsent(
                                ((long) packages.of(machine) << Integer.SIZE) | packages.launchEnclave(machine),
                                key -> (long) launchKeys.size());
                        int before = chains.request(
                                launchKey * enclaves.size() + enclave, packages.cpuSvn(machine), requests);
                        if (before >= 0) {
                            next[before] = requests;
                        }
                        requests++;
                    }
                }
                case MIGRATE -> packages.migrate(subject, trace.object(event));
                case ROTATE_LAUNCH_ENCLAVE -> packages.rotate(subject);
                case RAISE_CPUSVN -> packages.raise(subject);
                case LOWER_CPUSVN -> packages.lower(subject);
                case REVOKE -> revoked.set(enclaves.first(trace.object(event)));
                case REINSTATE -> revoked.clear(enclaves.first(trace.object(event)));
                case REBOOT -> {}
            }
        }
        return Arrays.copyOf(next, requests);
    }
}
