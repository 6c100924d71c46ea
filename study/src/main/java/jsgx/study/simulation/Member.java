package jsgx.study.simulation;

import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/** One workload in one run: where it keeps its tokens, and how its launches went. */
final class Member {

    final Workload workload;
    final Kernel kernel;

    /** Null where the design keeps nothing there, or has no room for one token. */
    final @Nullable UserSpace userSpace;

    long launches;
    long hits;
    double nanos;
    private long peakBytes;

    Member(Workload workload, Kernel kernel, @Nullable UserSpace userSpace) {
        this.workload = workload;
        this.kernel = kernel;
        this.userSpace = userSpace;
    }

    /** A launch of it begins, and no other begins before. */
    void landed(long now) {
        kernel.flights().landed(now);
        if (userSpace != null) {
            userSpace.flights().landed(now);
        }
    }

    /** A token was kept for it. */
    void charged() {
        peakBytes = Math.max(peakBytes, kernel.bytes(workload) + (userSpace == null ? 0 : userSpace.bytes()));
    }

    long peakBytes() {
        return peakBytes;
    }

    double meanNanos() {
        return launches == 0 ? 0 : nanos / launches;
    }
}
