package jsgx.study.simulation;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import jsgx.launch.store.StoredToken;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.trace.Trace;

/** The enclaves of a trace: what tokens are for. Those of the same identity are one here, whatever numbers the trace gives them. */
final class Enclaves {

    /** A label as short as any here. */
    private static final String LABEL = "0".repeat(64);

    private final TokenIdentity[] identities;
    private final byte[][] bytes;
    private final String[] labels;
    private final int[] first;

    Enclaves(Trace trace) {
        int enclaves = trace.enclaves();
        identities = new TokenIdentity[enclaves];
        bytes = new byte[enclaves][];
        labels = new String[enclaves];
        first = new int[enclaves];
        Map<TokenIdentity, Integer> known = HashMap.newHashMap(enclaves);
        Map<String, Integer> labelled = HashMap.newHashMap(enclaves);
        for (int enclave = 0; enclave < enclaves; enclave++) {
            TokenIdentity identity = trace.identity(enclave);
            Integer same = known.putIfAbsent(identity, enclave);
            first[enclave] = same == null ? enclave : same;
            if (same == null) {
                identities[enclave] = identity;
                bytes[enclave] = identity.bytes();
                // As launch labels what nobody labelled; of one code with several attributes each has its own.
                String label = HexFormat.of().formatHex(identity.mrEnclave());
                int before = labelled.merge(label, 1, Integer::sum) - 1;
                labels[enclave] = before == 0 ? label : label + "-" + before;
            }
        }
    }

    /** The number by which an enclave goes here: the first of its identity. */
    int first(int enclave) {
        return first[enclave];
    }

    /** The least bytes that a store's record of any of these takes. */
    long leastRecord() {
        return StoredToken.size(LABEL);
    }

    /** What a token of a store takes at least: its record, and what a process has of it in memory. */
    long leastHeld() {
        return leastRecord() + StoredToken.MEMORY_BYTES;
    }

    int size() {
        return first.length;
    }

    TokenIdentity identity(int enclave) {
        return identities[enclave];
    }

    /** The 80 bytes of its identity; not to be changed. */
    byte[] bytes(int enclave) {
        return bytes[enclave];
    }

    /** What user space finds its token by. */
    String label(int enclave) {
        return labels[enclave];
    }
}
