package jsgx.launch.yaml;

import java.util.List;
import java.util.Map;

/** A value of a YAML file and where it stands. Lines and columns are counted from 1. */
public sealed interface YamlNode {

    int line();

    int column();

    /** What it is, for messages. */
    String kind();

    /**
     * Text, a number, a date: YAML's types are not looked at.
     *
     * @param style how it is written
     */
    record Scalar(String value, Style style, int line, int column) implements YamlNode {

        /** How a scalar is written. */
        public enum Style {
            PLAIN,
            QUOTED,
            LITERAL,
            FOLDED
        }

        /** Whether nothing stands there. */
        public boolean isEmpty() {
            return value.isEmpty() && style == Style.PLAIN;
        }

        @Override
        public String kind() {
            return isEmpty() ? "nothing" : "\"" + shortened() + "\"";
        }

        private String shortened() {
            String line = value.replace('\n', ' ');
            return line.length() <= 80 ? line : line.substring(0, 77) + "…";
        }
    }

    /** A list. */
    record Sequence(List<YamlNode> items, int line, int column) implements YamlNode {
        @Override
        public String kind() {
            return "a list";
        }
    }

    /** Keys with their values, in the order of the file. */
    record Mapping(Map<String, Entry> entries, int line, int column) implements YamlNode {
        @Override
        public String kind() {
            return "keys with values";
        }
    }

    /** A key and its value. */
    record Entry(Scalar key, YamlNode value) {}
}
