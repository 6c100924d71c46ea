package jsgx.study.design;

import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import org.jspecify.annotations.Nullable;

/**
 * One way to keep tokens. All places of a design together hold no more than its limit: a kernel's cache has an equal part of it for each machine, user space's stores
 * an equal part for each workload, and with {@code both} kernels have one half and stores the other.
 *
 * @param placement where tokens are kept
 * @param scheme what the kernel's cache evicts; null where there is none
 * @param limitBytes what all places may hold together; 0 where there is none
 * @param charging how a kernel's cache is divided; {@link Charging#OWN} where there is none
 * @param knowledge what user space knows; {@link Knowledge#NONE} where it keeps nothing
 */
public record Design(
        Placement placement, @Nullable Scheme scheme, long limitBytes, Charging charging, Knowledge knowledge) {

    /** Nothing is kept anywhere. */
    public static final Design NONE = new Design(Placement.NONE, null, 0, Charging.OWN, Knowledge.NONE);

    public Design {
        if (placement.inKernel() != (scheme != null)) {
            throw new IllegalArgumentException("a scheme is for a kernel that keeps tokens: placement %s with %s"
                    .formatted(placement.id(), scheme == null ? "no scheme" : scheme));
        }
        if (placement.inKernel() == (charging == Charging.OWN)) {
            throw new IllegalArgumentException(
                    "user space has places of its own, a kernel divides what it has: placement %s with charging %s"
                            .formatted(placement.id(), charging));
        }
        if (!placement.inUserSpace() && knowledge != Knowledge.NONE) {
            throw new IllegalArgumentException(
                    "knowledge is for user space that keeps tokens: placement %s with knowledge %s"
                            .formatted(placement.id(), knowledge));
        }
        if (limitBytes < 0 || (placement == Placement.NONE && limitBytes != 0)) {
            throw new IllegalArgumentException(
                    "a limit is 0 bytes or more, and 0 where nothing is kept: placement %s with %d bytes"
                            .formatted(placement.id(), limitBytes));
        }
    }

    /** Tokens in the kernel alone. */
    public static Design kernel(Scheme scheme, long limitBytes, Charging charging) {
        return new Design(Placement.KERNEL, scheme, limitBytes, charging, Knowledge.NONE);
    }

    /** Tokens in user space alone. */
    public static Design user(long limitBytes, Knowledge knowledge) {
        return new Design(Placement.USER, null, limitBytes, Charging.OWN, knowledge);
    }

    /** Tokens in user space, and in the kernel that issues them. */
    public static Design both(Scheme scheme, long limitBytes, Charging charging, Knowledge knowledge) {
        return new Design(Placement.BOTH, scheme, limitBytes, charging, knowledge);
    }
}
