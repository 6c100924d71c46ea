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
        Placement placement, @Nullable Scheme scheme, long limitBytes, Charging charging, Knowledge knowledge) {}
