package jsgx.study.workload;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Reads numbers, times and words as workload files spell them; what is none is a problem, and its default stands for it. */
final class Amounts {

    private static final Pattern WHOLE = Pattern.compile("0|[1-9][0-9]{0,17}");
    private static final Pattern DECIMAL = Pattern.compile("(0|[1-9][0-9]{0,8})(\\.[0-9]{1,9})?");
    private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,8})(d|h|m|s|ms)");
    private static final Pattern PART = Pattern.compile("((0|[1-9][0-9]{0,2})(\\.[0-9]{1,6})?)%");

    private final Problems problems;

    Amounts(Problems problems) {
        this.problems = problems;
    }

    int number(Fields fields, String key, int least, int most, int otherwise) {
        return fields.node(key)
                .flatMap(node -> number(node, least, most))
                .map(Long::intValue)
                .orElse(otherwise);
    }

    Optional<Long> number(YamlNode node, long least, long most) {
        String expected = least == most ? Long.toString(least) : "a whole number from %d to %d".formatted(least, most);
        return matched(node, WHOLE, expected)
                .map(matcher -> Long.parseLong(matcher.group()))
                .filter(value -> within(node, value >= least && value <= most, expected));
    }

    double decimal(Fields fields, String key, double least, double most, double otherwise) {
        return decimal(
                fields, key, least, most, otherwise, "a number from %s to %s".formatted(plain(least), plain(most)));
    }

    double decimal(Fields fields, String key, double least, double most, double otherwise, String expected) {
        return fields.node(key)
                .flatMap(node -> matched(node, DECIMAL, expected)
                        .map(matcher -> Double.parseDouble(matcher.group()))
                        .filter(value -> within(node, value >= least && value <= most, expected)))
                .orElse(otherwise);
    }

    /** A part of the run, from 0% to 100%. */
    double part(Fields fields, String key, double otherwise) {
        String expected = "a part of the run from 0% to 100%";
        return fields.node(key)
                .flatMap(node -> matched(node, PART, expected)
                        .map(matcher -> Double.parseDouble(matcher.group(1)) / 100)
                        .filter(value -> within(node, value <= 1, expected)))
                .orElse(otherwise);
    }

    /** A time, in microseconds. */
    Optional<Long> duration(YamlNode node) {
        String expected = "a time such as 2d, 24h, 90m, 30s or 500ms, at most ten years";
        return matched(node, DURATION, expected)
                .map(matcher -> Long.parseLong(matcher.group(1))
                        * switch (matcher.group(2)) {
                            case "d" -> WorkloadReader.DAY;
                            case "h" -> WorkloadReader.DAY / 24;
                            case "m" -> 60_000_000L;
                            case "s" -> 1_000_000L;
                            default -> 1_000L;
                        })
                .filter(value -> within(node, value <= 3650 * WorkloadReader.DAY, expected));
    }

    boolean yes(Fields fields, String key) {
        return word(fields, key, Map.of("yes", true, "no", false), false);
    }

    <T> T word(Fields fields, String key, Map<String, T> words, T otherwise) {
        String expected =
                "one of " + String.join(", ", words.keySet().stream().sorted().toList());
        return fields.node(key)
                .flatMap(node -> Fields.scalar(node, expected, problems))
                .flatMap(scalar -> {
                    Optional<T> value = Optional.ofNullable(words.get(scalar.value()));
                    if (value.isEmpty()) {
                        problems.add(
                                scalar,
                                "there is no \"%s\" here%s"
                                        .formatted(scalar.value(), Fields.suggestion(scalar.value(), words.keySet())));
                    }
                    return value;
                })
                .orElse(otherwise);
    }

    private Optional<Matcher> matched(YamlNode node, Pattern pattern, String expected) {
        return Fields.scalar(node, expected, problems)
                .map(scalar -> pattern.matcher(scalar.value()))
                .filter(matcher -> within(node, matcher.matches(), expected));
    }

    private boolean within(YamlNode node, boolean is, String expected) {
        if (!is) {
            problems.add(node, "expected %s, found %s".formatted(expected, node.kind()));
        }
        return is;
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
