package jsgx.host.fleet;

import java.time.Instant;
import jsgx.launch.audit.AuditEvent;

/** Records for trails. */
final class TestEvents {

    private TestEvents() {}

    static AuditEvent event(String what) {
        return new AuditEvent(
                "0123456789abcdef",
                Instant.now(),
                AuditEvent.Kind.ADMINISTRATION,
                "uid:0",
                "",
                "",
                "",
                0,
                0,
                "test",
                "",
                0,
                "",
                "",
                what);
    }
}
