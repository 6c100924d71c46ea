package jsgx.machine;

import org.jspecify.annotations.Nullable;

/** How a program of a test is run. */
enum Way {
    FAST(Supervision.FAST),
    TRACED(Supervision.TRACED),
    /** On the processor of a daemon, which is in this process too, at the other end of sockets. */
    DAEMON(null);

    private final @Nullable Supervision supervision;

    Way(@Nullable Supervision supervision) {
        this.supervision = supervision;
    }

    @Nullable
    Supervision supervision() {
        return supervision;
    }
}
