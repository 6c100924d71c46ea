package jsgx.host.admin;

import io.helidon.webserver.http.ServerRequest;

/** Who comes in by a listener. */
@FunctionalInterface
interface Door {

    /** Who makes a request, as the audit trail says; throws a {@link Problem} for whom nothing is answered. */
    String who(ServerRequest request);

    /** Whether who made a request that is still being answered would be let in now. */
    default boolean stillOpen(ServerRequest request) {
        return true;
    }
}
