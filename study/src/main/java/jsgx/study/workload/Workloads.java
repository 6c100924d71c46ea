package jsgx.study.workload;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import jsgx.launch.yaml.Fields;
import jsgx.study.trace.Recorded;
import jsgx.study.trace.TraceException;

/** The workloads that come with jsgx, and those that people bring. */
public final class Workloads {

    /** What the study asks, in the order of the report. */
    private static final List<String> SHIPPED = List.of(
            "one-application",
            "unrelated-applications",
            "vm-reboots",
            "vm-migrations",
            "function-storm",
            "scans",
            "attacker",
            "rotation-and-microcode",
            "mixed-day");

    /** Ten million launches of a hundred thousand enclaves: what the simulator's speed is measured with. */
    private static final String TEN_MILLION = "ten-million";

    private Workloads() {}

    /** The workloads of the study. */
    public static List<Workload> shipped() {
        List<Workload> all = new ArrayList<>();
        for (String name : SHIPPED) {
            try {
                all.add(named(name));
            } catch (WorkloadException e) {
                throw new IllegalStateException("a shipped workload can be read", e);
            }
        }
        return List.copyOf(all);
    }

    /** The names that {@link #named} knows: those of the study, and {@code ten-million}, which is too large for it. */
    public static Set<String> names() {
        Set<String> names = new LinkedHashSet<>(SHIPPED);
        names.add(TEN_MILLION);
        return names;
    }

    /**
     * A workload that comes with jsgx.
     *
     * @throws WorkloadException there is none of this name
     */
    public static Workload named(String name) throws WorkloadException {
        return WorkloadFile.read(name + ".yaml", WorkloadFile.text(name).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A workload by name, or of a file: parameters, a trace, or the export of an audit trail, which its beginning tells apart.
     *
     * @param what a name that {@link #names} has, a file, or {@code -}
     * @param standardInput what {@code -} stands for; left open
     * @throws WorkloadException there is none, no file can have this name, or its parameters are wrong
     * @throws TraceException what was recorded is wrong
     */
    public static Workload of(String what, InputStream standardInput)
            throws IOException, WorkloadException, TraceException {
        if (names().contains(what)) {
            return named(what);
        }
        if (what.equals("-")) {
            return read("standard input", new BufferedInputStream(standardInput));
        }
        Path file;
        try {
            file = Path.of(what);
        } catch (InvalidPathException e) {
            throw new WorkloadException("expected the name of a workload or a file, found what no file can be called: "
                    + e.getReason().toLowerCase(Locale.ROOT));
        }
        if (!Files.exists(file)) {
            checkShipped(what);
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return read(what, in);
        }
    }

    private static Workload read(String file, InputStream in) throws IOException, WorkloadException, TraceException {
        in.mark(1);
        int first = in.read();
        in.reset();
        return first == '{'
                ? new RecordedWorkload(Recorded.read(file, in))
                : WorkloadFile.read(file, in.readNBytes(1 << 21));
    }

    static void checkShipped(String name) throws WorkloadException {
        if (!names().contains(name)) {
            throw new WorkloadException("there is no workload \"%s\", and no file of that name%s"
                    .formatted(name, Fields.suggestion(name, names())));
        }
    }
}
