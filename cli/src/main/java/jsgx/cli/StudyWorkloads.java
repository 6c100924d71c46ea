package jsgx.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jsgx.launch.yaml.YamlError;
import jsgx.study.run.Plan;
import jsgx.study.trace.TraceException;
import jsgx.study.workload.RecordedWorkload;
import jsgx.study.workload.Workload;
import jsgx.study.workload.WorkloadException;
import jsgx.study.workload.Workloads;

/** The workloads that a user names. */
final class StudyWorkloads {

    private StudyWorkloads() {}

    /** The one of this name, or in this file. */
    static Workload of(String what, Surroundings surroundings) throws BadInput, IOException {
        try {
            if (Workloads.names().contains(what) || what.equals("-")) {
                return Workloads.of(what, System.in);
            }
            Path file = surroundings.file(what);
            if (Files.isDirectory(file)) {
                throw new BadInput(Text.printable(what) + ": a folder: expected a file");
            }
            if (!Files.exists(file)) {
                // The message about a name that is nothing has the name that was given.
                return Workloads.of(what, InputStream.nullInputStream());
            }
            try (StudyTicker _ = new StudyTicker(
                    surroundings,
                    nanos -> "study: reading %s, %s gone".formatted(what, StudyTicker.span(nanos / 1e9)))) {
                return Workloads.of(file.toString(), InputStream.nullInputStream());
            }
        } catch (WorkloadException e) {
            throw new BadInput(message(e));
        } catch (TraceException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
    }

    /** Those of these names and files; those of the study where there are none. */
    static List<Workload> of(List<String> names, Surroundings surroundings) throws BadInput, IOException {
        if (names.isEmpty()) {
            return Workloads.shipped();
        }
        List<Workload> workloads = new ArrayList<>();
        for (String name : names) {
            workloads.add(of(name, surroundings));
        }
        return workloads;
    }

    /** As a study's plan names it. */
    static Plan.Input input(Workload workload) {
        return new Plan.Input(
                workload.name(),
                workload.question(),
                workload.sha256(),
                workload instanceof RecordedWorkload,
                notes(workload));
    }

    /** What could not be taken of a recording, or not be checked. */
    static List<String> notes(Workload workload) {
        return workload instanceof RecordedWorkload recorded ? recorded.notes() : List.of();
    }

    /** Says so, on standard error. */
    static void showNotes(Workload workload, Surroundings surroundings) {
        for (String note : notes(workload)) {
            surroundings.err().println("jsgx: %s: %s".formatted(Text.printable(workload.name()), Text.printable(note)));
        }
    }

    private static String message(WorkloadException e) {
        List<YamlError> errors = e.errors();
        if (errors.isEmpty()) {
            return String.valueOf(e.getMessage());
        }
        String first = errors.getFirst().toString();
        return errors.size() == 1 ? first : "%s; and %s".formatted(first, Text.count(errors.size() - 1, "more error"));
    }
}
