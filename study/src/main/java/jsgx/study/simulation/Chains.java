package jsgx.study.simulation;

import java.util.Arrays;

/** The last request of each token, and the lowest CPUSVN under which it was asked for: a hash table of numbers, as there may be many millions. */
final class Chains {

    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final int SMALLEST = 1 << 10;

    /** Keys plus one; 0 where there is none. */
    private long[] keys = new long[SMALLEST];

    private int[] last = new int[SMALLEST];
    private int[] cpuSvn = new int[SMALLEST];
    private int size;

    /**
     * Notes a request.
     *
     * @param key what the token is for, and under which launch key; 0 or more
     * @return the request before, if a token of then or earlier is taken now; else -1
     */
    int request(long key, int nowCpuSvn, int number) {
        int slot = slot(key + 1);
        boolean known = keys[slot] != 0;
        int before = known && cpuSvn[slot] <= nowCpuSvn ? last[slot] : -1;
        keys[slot] = key + 1;
        last[slot] = number;
        if (before < 0) {
            cpuSvn[slot] = nowCpuSvn;
        }
        if (!known) {
            size++;
            if (size > keys.length / 2) {
                grow();
            }
        }
        return before;
    }

    private int slot(long stored) {
        int mask = keys.length - 1;
        int slot = (int) ((stored * GOLDEN) >>> Integer.SIZE) & mask;
        while (keys[slot] != 0 && keys[slot] != stored) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldLast = last;
        int[] oldCpuSvn = cpuSvn;
        keys = new long[2 * oldKeys.length];
        last = Arrays.copyOf(last, keys.length);
        cpuSvn = Arrays.copyOf(cpuSvn, keys.length);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int slot = slot(oldKeys[i]);
                keys[slot] = oldKeys[i];
                last[slot] = oldLast[i];
                cpuSvn[slot] = oldCpuSvn[i];
            }
        }
    }
}
