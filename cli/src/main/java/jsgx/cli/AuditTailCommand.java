package jsgx.cli;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code jsgx audit tail}. */
@Command(
        name = "tail",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx audit tail [-n N] [--follow] [OPTION...]",
        description = "Show the last events of the audit trail; with --json one document a line.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx audit tail -n 20")
final class AuditTailCommand extends Subcommand {

    private static final long LOOK_MILLIS = 200;

    /** How many events a daemon gives at once. */
    private static final int PAGE = 1000;

    @Mixin
    private TailOptions tail = new TailOptions();

    AuditTailCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        int last = tail.last(Integer.MAX_VALUE);
        Audits audits = new Audits(surroundings, screen(), json());
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            return remotely(daemon.get(), last, audits);
        }
        try (AuditReader reader = AuditReader.open(Audits.folder(surroundings))) {
            Deque<AuditEntry.Event> kept = new ArrayDeque<>();
            reader.read(entry -> {
                if (entry instanceof AuditEntry.Event event) {
                    kept.addLast(event);
                    if (kept.size() > last) {
                        kept.removeFirst();
                    }
                }
            });
            kept.forEach(audits::show);
            if (tail.follow()) {
                follow(reader, audits);
            }
        }
        return ExitStatus.DONE;
    }

    private int remotely(Remote daemon, int last, Audits audits) throws BadInput, LaunchException, IOException {
        // What is followed begins after what is shown, so that nothing is missed in between.
        List<Map<?, ?>> newest = Documents.objects(daemon.get("/v1/audit?limit=1"), "items");
        long end = newest.isEmpty() ? 0 : Documents.number(newest.getFirst(), "number");
        Deque<Map<?, ?>> kept = new ArrayDeque<>();
        long before = end + 1;
        while (kept.size() < last) {
            Map<String, ?> page =
                    daemon.get("/v1/audit?limit=%d&before=%d".formatted(Math.min(PAGE, last - kept.size()), before));
            List<Map<?, ?>> items = Documents.objects(page, "items");
            if (items.isEmpty()) {
                break;
            }
            items.forEach(kept::addFirst);
            before = Documents.number(items.getLast(), "number");
        }
        for (Map<?, ?> item : kept) {
            audits.show(Documents.json(item).line());
        }
        if (tail.follow()) {
            daemon.events(
                    "/v1/audit/stream",
                    Long.toString(end),
                    () -> !surroundings.out().checkError(),
                    (name, data) -> audits.show(data));
        }
        return ExitStatus.DONE;
    }

    /** Until whoever reads goes away. */
    private void follow(AuditReader reader, Audits audits) throws LaunchException {
        // checkError flushes, and tells that a pipe was closed.
        while (!surroundings.out().checkError()) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            reader.read(entry -> {
                if (entry instanceof AuditEntry.Event event) {
                    audits.show(event);
                }
            });
        }
    }
}
