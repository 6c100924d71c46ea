package jsgx.cli;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Stack;
import java.util.stream.Collectors;
import jsgx.machine.event.SgxEvent;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say what is told of a run. */
final class TraceOptions {

    @Option(
            order = 20,
            names = "--trace",
            paramLabel = "FILE",
            preprocessor = Attached.class,
            description = "Tell each event of SGX in a line, to standard error or a file (--trace=FILE).")
    private @Nullable String trace;

    @Option(
            order = 21,
            names = "--trace-events",
            paramLabel = "LIST",
            split = ",",
            converter = Kinds.class,
            description = "Only these: open, ioctl, map, enclu, aex, fault, reclaim, process.")
    private List<SgxEvent.Kind> kinds = List.of();

    @Option(
            order = 22,
            names = "--trace-pid",
            paramLabel = "PID",
            split = ",",
            description = "Only those of these processes.")
    private List<Integer> pids = List.of();

    @Option(
            order = 23,
            names = "--trace-enclave",
            paramLabel = "NUMBER",
            split = ",",
            description = "Only those of these enclaves, by the number after the e in a line.")
    private List<Long> enclaves = List.of();

    @Option(order = 24, names = "--stats", description = "At the end tell how often what happened, on standard error.")
    private boolean statistics;

    boolean isOn() {
        return trace != null;
    }

    /** The file; empty for standard error. */
    String file() {
        String file = trace;
        return file == null ? "" : file;
    }

    boolean statistics() {
        return statistics;
    }

    /** Why these do not go together; empty where they do. */
    String contradiction() {
        boolean filtered = !kinds.isEmpty() || !pids.isEmpty() || !enclaves.isEmpty();
        return filtered && !isOn() ? "--trace-events, --trace-pid and --trace-enclave go with --trace" : "";
    }

    /** The kinds of events that are told. */
    Set<SgxEvent.Kind> kinds() {
        if (!isOn()) {
            return Set.of();
        }
        return kinds.isEmpty() ? EnumSet.allOf(SgxEvent.Kind.class) : EnumSet.copyOf(kinds);
    }

    /** Whether an event is told. */
    boolean tells(SgxEvent event) {
        return kinds().contains(event.kind())
                && (pids.isEmpty() || pids.contains(event.pid()))
                && (enclaves.isEmpty() || enclaves.contains(event.enclave()));
    }

    /** The value of an option that has one only where it is attached: the next word is the program's name. */
    static final class Attached implements IParameterPreprocessor {
        @Override
        public boolean preprocess(
                Stack<String> words, CommandSpec command, ArgSpec option, Map<String, Object> information) {
            if (!"=".equals(information.get("separator"))) {
                words.push("");
            }
            return false;
        }
    }

    static final class Kinds implements ITypeConverter<SgxEvent.Kind> {
        @Override
        public SgxEvent.Kind convert(String text) {
            return SgxEvent.Kind.of(text)
                    .orElseThrow(() -> new TypeConversionException("there is no event \"" + Text.printable(text)
                            + "\": expected "
                            + Arrays.stream(SgxEvent.Kind.values())
                                    .map(SgxEvent.Kind::id)
                                    .collect(Collectors.joining(", "))));
        }
    }
}
