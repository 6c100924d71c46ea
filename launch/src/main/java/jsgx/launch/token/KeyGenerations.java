package jsgx.launch.token;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How often the launch key of a platform may have changed since it was switched on, as its kernel sees it: the number that stands in a {@link TokenKey}.
 * The owner epoch changes with a reset only, and what a kernel does not see, such as that its machine migrated, is not counted.
 */
public final class KeyGenerations {

    private final Supplier<?> cpuSvn;
    private final LongSupplier rotations;

    /** The CPUSVN that was seen last, and how often it was another one than before; guarded by this. */
    private Object last;

    private long changes;

    /**
     * The generations of a platform that is just switched on.
     *
     * @param cpuSvn of the processor now: another one is a change, whether it rose or fell
     * @param rotations of the launch enclave so far
     */
    public KeyGenerations(Supplier<?> cpuSvn, LongSupplier rotations) {
        this.cpuSvn = cpuSvn;
        this.rotations = rotations;
        this.last = cpuSvn.get();
    }

    /** The generation now; never less than before. */
    public synchronized long now() {
        Object seen = cpuSvn.get();
        if (!seen.equals(last)) {
            last = seen;
            changes++;
        }
        return changes + rotations.getAsLong();
    }
}
