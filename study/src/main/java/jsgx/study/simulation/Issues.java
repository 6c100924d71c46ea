package jsgx.study.simulation;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;

/** Tokens that user space ever got of enclaves that a trace revokes: whoever had one may still have it, since it is no secret and has no end. */
final class Issues {

    private record Key(int processor, int launchEnclave, int enclave) {}

    private final BitSet watched = new BitSet();

    /** The lowest CPUSVN that a token has. */
    private final Map<Key, Integer> cpuSvn = new HashMap<>();

    Issues(Trace trace, Enclaves enclaves) {
        for (int event = 0; event < trace.size(); event++) {
            if (trace.event(event) == Event.REVOKE) {
                watched.set(enclaves.first(trace.object(event)));
            }
        }
    }

    /** A token was issued to user space on a machine. */
    void issued(int enclave, Packages packages, int machine) {
        if (watched.get(enclave)) {
            cpuSvn.merge(
                    new Key(packages.of(machine), packages.launchEnclave(machine), enclave),
                    packages.cpuSvn(machine),
                    Math::min);
        }
    }

    /** Whether one of them is a token that EINIT takes on a machine. */
    boolean launches(int enclave, Packages packages, int machine) {
        Integer lowest = cpuSvn.get(new Key(packages.of(machine), packages.launchEnclave(machine), enclave));
        return lowest != null && lowest <= packages.cpuSvn(machine);
    }
}
