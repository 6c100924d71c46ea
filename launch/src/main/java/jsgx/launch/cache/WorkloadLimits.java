package jsgx.launch.cache;

/**
 * What one workload may have of the cache. As long as it holds no more than its floor, no other workload's launches evict anything of
 * it; above its ceiling its own launches evict its own tokens.
 *
 * @param floorBytes guaranteed bytes, at least 0
 * @param ceilingBytes most bytes, at least the floor; {@link CacheLimits#UNLIMITED} for the cache's own bound
 */
public record WorkloadLimits(long floorBytes, long ceilingBytes) {

    public WorkloadLimits {
        if (floorBytes < 0) {
            throw new IllegalArgumentException("a floor is 0 bytes or more, not " + floorBytes);
        }
        if (ceilingBytes < floorBytes) {
            throw new IllegalArgumentException(
                    "a ceiling of %d bytes is below the floor of %d bytes: raise it, or lower the floor"
                            .formatted(ceilingBytes, floorBytes));
        }
    }

    /** A guarantee, and nothing but the cache's own bound above it. */
    public static WorkloadLimits floor(long bytes) {
        return new WorkloadLimits(bytes, CacheLimits.UNLIMITED);
    }

    /** A ceiling without a guarantee. */
    public static WorkloadLimits ceiling(long bytes) {
        return new WorkloadLimits(0, bytes);
    }
}
