package jsgx.launch.yaml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The values under the keys of one place in a file; a key that does not belong there is a problem. */
public final class Fields {

    private final YamlNode.Mapping mapping;
    private final Problems problems;

    private Fields(YamlNode.Mapping mapping, Problems problems) {
        this.mapping = mapping;
        this.problems = problems;
    }

    /** The fields of a mapping that may have these keys. */
    public static Fields of(YamlNode.Mapping mapping, Set<String> keys, Problems problems) {
        for (YamlNode.Entry entry : mapping.entries().values()) {
            String key = entry.key().value();
            if (!keys.contains(key)) {
                problems.add(entry.key(), "there is no \"%s\" here%s".formatted(key, suggestion(key, keys)));
            }
        }
        return new Fields(mapping, problems);
    }

    /** The fields of a value that must be keys with values; empty where it is none, which is a problem. */
    public static Optional<Fields> of(YamlNode node, Set<String> keys, Problems problems) {
        if (node instanceof YamlNode.Mapping mapping) {
            return Optional.of(of(mapping, keys, problems));
        }
        problems.add(node, "expected keys with values, found " + node.kind());
        return Optional.empty();
    }

    /** Where they stand. */
    public YamlNode place() {
        return mapping;
    }

    /** Whether one of these keys is there. */
    public boolean hasAny(Set<String> keys) {
        return !Collections.disjoint(keys, mapping.entries().keySet());
    }

    /** The value of a key; empty where it is not there. */
    public Optional<YamlNode> node(String key) {
        return Optional.ofNullable(mapping.entries().get(key)).map(YamlNode.Entry::value);
    }

    /** The value of a key that must be there. */
    public Optional<YamlNode> required(String key, String expected) {
        Optional<YamlNode> node = node(key);
        if (node.isEmpty()) {
            problems.add(mapping, "there is no \"%s\": expected %s".formatted(key, expected));
        }
        return node;
    }

    /** A value that must be text, neither a list nor keys nor nothing. */
    public static Optional<YamlNode.Scalar> scalar(YamlNode node, String expected, Problems problems) {
        if (node instanceof YamlNode.Scalar scalar && !scalar.isEmpty()) {
            return Optional.of(scalar);
        }
        problems.add(node, "expected %s, found %s".formatted(expected, node.kind()));
        return Optional.empty();
    }

    /** A text, or each of a list of texts. */
    public static List<YamlNode.Scalar> scalars(YamlNode node, String expected, Problems problems) {
        if (!(node instanceof YamlNode.Sequence sequence)) {
            return scalar(node, expected + ", or a list of them", problems).stream()
                    .toList();
        }
        if (sequence.items().isEmpty()) {
            problems.add(node, "an empty list: expected " + expected + ", or several");
        }
        List<YamlNode.Scalar> all = new ArrayList<>();
        for (YamlNode item : sequence.items()) {
            scalar(item, expected, problems).ifPresent(all::add);
        }
        return all;
    }

    /** {@code ; did you mean …?} or what there is. */
    public static String suggestion(String word, Set<String> known) {
        String closest = "";
        int best = Math.max(1, word.length() / 3) + 1;
        for (String candidate : known) {
            int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < best) {
                best = distance;
                closest = candidate;
            }
        }
        return closest.isEmpty()
                ? ": expected one of "
                        + String.join(", ", known.stream().sorted().toList())
                : "; did you mean \"" + closest + "\"?";
    }

    /** How many letters must be put in, taken out or changed to come from one word to the other. */
    private static int distance(String from, String to) {
        if (Math.abs(from.length() - to.length()) > to.length()) {
            return Integer.MAX_VALUE;
        }
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
