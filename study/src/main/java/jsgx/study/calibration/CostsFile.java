package jsgx.study.calibration;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jsgx.launch.json.Json;
import jsgx.launch.json.MalformedJson;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import org.jspecify.annotations.Nullable;

/**
 * What a calibration measured, as a JSON file that makes a run of the study repeatable and that a user may edit: a step with one time costs always the
 * same.
 *
 * @param costs the times of each step, and what they were measured on
 * @param measured when
 * @param launchEnclave what made the tokens: {@code java}, {@code native}, or a user's words
 * @param spread for each step the greatest median of a part of the measurement against the least, which would be 1 on a machine with nothing else to
 *     do; a step that a user made up may have none
 */
public record CostsFile(Costs costs, Instant measured, String launchEnclave, Map<Step, Double> spread) {

    private static final String FORMAT = "jsgx-costs";
    private static final long VERSION = 3;
    private static final int MOST_BYTES = 4 << 20;
    private static final int MOST_TIMES = 100_000;
    private static final int LONGEST_TEXT = 300;
    private static final int LONGEST_SHOWN = 40;

    /** The longest that a step may take: an hour, in nanoseconds. */
    private static final long LONGEST = 3_600_000_000_000L;

    private static final String MACHINE = "machine";
    private static final String MEASURED = "measured";
    private static final String LAUNCH_ENCLAVE = "launchEnclave";
    private static final String STEPS = "steps";
    private static final String NANOS = "nanos";
    private static final String SPREAD = "spread";
    private static final List<String> FIELDS =
            List.of("format", "version", MACHINE, MEASURED, LAUNCH_ENCLAVE, "unit", STEPS);

    public CostsFile {
        spread = Map.copyOf(spread);
        costs = new Costs(costs.machine(), costs.nanos(), spread);
    }

    /**
     * Reads a file.
     *
     * @throws CostsException where it cannot be read, or says what no step can cost
     */
    public static CostsFile read(Path file) throws CostsException {
        try {
            return of(Json.parse(new String(bytes(file), StandardCharsets.UTF_8)));
        } catch (CostsException | MalformedJson e) {
            throw new CostsException(
                    "%s: %s; make one with  jsgx study calibrate --out %s"
                            .formatted(file, e.getMessage(), file.getFileName()),
                    e);
        }
    }

    private static byte[] bytes(Path file) throws CostsException {
        try (var in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new CostsException("expected at most %d bytes, and it is longer".formatted(MOST_BYTES));
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new CostsException("there is no such file", e);
        } catch (AccessDeniedException e) {
            throw new CostsException("it may not be read", e);
        } catch (IOException e) {
            throw new CostsException("it cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * What {@link #toMap} gave, or the JSON of it.
     *
     * @throws CostsException where it says what no step can cost
     */
    public static CostsFile of(Map<String, ? extends @Nullable Object> document) throws CostsException {
        for (String field : document.keySet()) {
            if (!FIELDS.contains(field)) {
                throw new CostsException("there is no field \"%s\": expected one of %s"
                        .formatted(shown(field), String.join(", ", FIELDS)));
            }
        }
        if (!FORMAT.equals(document.get("format"))) {
            throw new CostsException(
                    "format: expected \"%s\", found %s".formatted(FORMAT, shown(document.get("format"))));
        }
        long version = whole(document.get("version"), "version");
        if (version != VERSION) {
            throw new CostsException("version: expected %d, found %d, %s"
                    .formatted(
                            VERSION,
                            version,
                            version > VERSION
                                    ? "which a newer jsgx reads"
                                    : "whose steps are others: what they cost has to be measured again"));
        }
        if (!"ns".equals(document.get("unit"))) {
            throw new CostsException("unit: expected \"ns\", found " + shown(document.get("unit")));
        }
        EnumMap<Step, long[]> nanos = new EnumMap<>(Step.class);
        EnumMap<Step, Double> spread = new EnumMap<>(Step.class);
        for (Map.Entry<String, @Nullable Object> step :
                object(document.get(STEPS), STEPS).entrySet()) {
            readStep(step(step.getKey()), step.getValue(), nanos, spread);
        }
        for (Step step : Step.values()) {
            if (!nanos.containsKey(step)) {
                throw new CostsException("steps: the step \"%s\" is missing".formatted(step));
            }
        }
        Costs costs = new Costs(text(document, MACHINE), nanos);
        return new CostsFile(costs, instant(text(document, MEASURED)), text(document, LAUNCH_ENCLAVE), spread);
    }

    /** The document, to be written as JSON: texts, whole numbers, lists and maps of those, in a good order. */
    public Map<String, Object> toMap() {
        Map<String, Object> steps = new LinkedHashMap<>();
        for (Step step : Step.values()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            Double measuredSpread = spread.get(step);
            if (measuredSpread != null) {
                fields.put(SPREAD, measuredSpread);
            }
            fields.put(NANOS, Arrays.stream(costs.times(step)).boxed().toList());
            steps.put(step.toString(), fields);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("format", FORMAT);
        document.put("version", VERSION);
        document.put(MACHINE, costs.machine());
        document.put(MEASURED, measured.toString());
        document.put(LAUNCH_ENCLAVE, launchEnclave);
        document.put("unit", "ns");
        document.put(STEPS, steps);
        return document;
    }

    /** The document as JSON, a step a line, so that it can be edited. */
    public String json() {
        StringBuilder text = new StringBuilder("{\n");
        Map<String, Object> document = toMap();
        for (Map.Entry<String, Object> field : document.entrySet()) {
            if (!field.getKey().equals(STEPS)) {
                text.append("  ")
                        .append(Json.line(field.getKey()))
                        .append(": ")
                        .append(Json.line(field.getValue()))
                        .append(",\n");
            }
        }
        text.append("  \"steps\": {\n");
        Map<?, ?> steps = (Map<?, ?>) document.get(STEPS);
        text.append(
                steps == null
                        ? ""
                        : steps.entrySet().stream()
                                .map(step -> "    " + Json.line(step.getKey()) + ": " + Json.line(step.getValue()))
                                .collect(Collectors.joining(",\n")));
        return text.append("\n  }\n}\n").toString();
    }

    private static void readStep(Step step, @Nullable Object value, Map<Step, long[]> nanos, Map<Step, Double> spread)
            throws CostsException {
        Map<String, ? extends @Nullable Object> fields = object(value, "the step " + step);
        for (String field : fields.keySet()) {
            if (!field.equals(NANOS) && !field.equals(SPREAD)) {
                throw new CostsException(
                        "the step %s has no field \"%s\": expected nanos and spread".formatted(step, shown(field)));
            }
        }
        if (!(fields.get(NANOS) instanceof Collection<?> times) || times.isEmpty() || times.size() > MOST_TIMES) {
            throw new CostsException("the step %s: nanos: expected a list of 1 to %d equally likely times, found %s"
                    .formatted(step, MOST_TIMES, shown(fields.get(NANOS))));
        }
        long[] list = new long[times.size()];
        int i = 0;
        for (Object time : times) {
            long found = whole(time, "the step " + step + ": nanos");
            if (found < 0 || found > LONGEST) {
                throw new CostsException("the step %s: nanos: expected 0 to %d nanoseconds, an hour, found %d"
                        .formatted(step, LONGEST, found));
            }
            list[i++] = found;
        }
        nanos.put(step, list);
        Object measuredSpread = fields.get(SPREAD);
        if (measuredSpread != null) {
            if (!(measuredSpread instanceof Number number) || !(number.doubleValue() >= 1)) {
                throw new CostsException("the step %s: spread: expected a number of 1 or more, found %s"
                        .formatted(step, shown(measuredSpread)));
            }
            spread.put(step, number.doubleValue());
        }
    }

    private static Step step(String word) throws CostsException {
        for (Step step : Step.values()) {
            if (step.toString().equals(word)) {
                return step;
            }
        }
        throw new CostsException("steps: there is no step \"%s\": expected %s"
                .formatted(
                        shown(word),
                        Arrays.stream(Step.values()).map(Step::toString).collect(Collectors.joining(", "))));
    }

    private static Instant instant(String text) throws CostsException {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw new CostsException("measured: expected a time such as 2026-11-23T12:00:00Z, found " + shown(text), e);
        }
    }

    private static String text(Map<String, ? extends @Nullable Object> document, String field) throws CostsException {
        if (document.get(field) instanceof String text
                && text.length() <= LONGEST_TEXT
                && text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        throw new CostsException("%s: expected a text of at most %d printable characters, found %s"
                .formatted(field, LONGEST_TEXT, shown(document.get(field))));
    }

    private static long whole(@Nullable Object value, String what) throws CostsException {
        if (value instanceof Number number && number.doubleValue() == Math.rint(number.doubleValue())) {
            return number.longValue();
        }
        throw new CostsException("%s: expected a whole number, found %s".formatted(what, shown(value)));
    }

    private static Map<String, @Nullable Object> object(@Nullable Object value, String what) throws CostsException {
        if (!(value instanceof Map<?, ?> map)) {
            throw new CostsException("%s: expected an object, found %s".formatted(what, shown(value)));
        }
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        map.forEach((name, field) -> fields.put(String.valueOf(name), field));
        return fields;
    }

    private static String shown(@Nullable Object value) {
        String text = value instanceof String string ? "\"" + string + "\"" : String.valueOf(value);
        String printable = text.codePoints()
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return printable.length() > LONGEST_SHOWN ? printable.substring(0, LONGEST_SHOWN) + "…" : printable;
    }
}
