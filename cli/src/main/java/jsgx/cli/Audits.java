package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditEvent;

/** The user's audit trail, and how its entries are shown. */
final class Audits {

    private final Surroundings surroundings;
    private final Screen screen;
    private final boolean json;

    Audits(Surroundings surroundings, Screen screen, boolean json) {
        this.surroundings = surroundings;
        this.screen = screen;
        this.json = json;
    }

    /** Where the trail lies. */
    static Path folder(Surroundings surroundings) throws LaunchException {
        return Platforms.folder(surroundings).resolve("audit");
    }

    /** One line for an event that a daemon tells of in a line of JSON. */
    void show(String line) throws IOException {
        try {
            if (AuditEntry.parse(line) instanceof AuditEntry.Event event) {
                show(event);
            }
        } catch (LaunchException e) {
            throw new IOException("the daemon tells of an event that cannot be read: " + e.getMessage(), e);
        }
    }

    /** One line for an event: for people, or all of it. */
    void show(AuditEntry.Event entry) {
        if (json) {
            surroundings.out().println(entry.json());
            return;
        }
        AuditEvent event = entry.event();
        String verdict = "%-8s".formatted(event.verdict());
        List<String> parts = new ArrayList<>();
        add(parts, "", event.mrEnclave().isEmpty() ? "" : screen.hash(event.mrEnclave()));
        add(parts, "for ", event.workload());
        add(parts, "", event.code());
        add(parts, "rule ", event.rule().isEmpty() ? "" : "\"" + event.rule() + "\"");
        add(parts, "revision ", event.revision() == 0 ? "" : Long.toString(event.revision()));
        add(parts, "token ", event.tokenSource());
        add(parts, "", screen.hashes(event.reason()));
        String line = "%s  %-14s  %s  %s"
                .formatted(
                        event.time(),
                        event.kind().name().toLowerCase(Locale.ROOT),
                        event.verdict().startsWith("refuse") ? screen.bad(verdict) : verdict,
                        Text.printable(String.join("  ", parts)));
        surroundings.out().println(line.stripTrailing());
    }

    private static void add(List<String> parts, String label, String value) {
        if (!value.isEmpty()) {
            parts.add(label + value);
        }
    }
}
