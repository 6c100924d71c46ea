package jsgx.launch.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong in one file, so that all of it is told in one go. */
public final class Problems {

    /** How many are worth telling. */
    private static final int MAX = 100;

    private static final int SNIPPET = 160;

    private final String file;
    private final String text;
    private final List<YamlError> errors = new ArrayList<>();

    /**
     * @param file the file's name
     * @param text its content, for the snippets
     */
    public Problems(String file, String text) {
        this.file = file;
        this.text = text;
    }

    /** The file's name. */
    public String file() {
        return file;
    }

    public void add(YamlNode node, String message) {
        add(node.line(), node.column(), message);
    }

    /** Line and column are counted from 1; 0 for the whole file or line. */
    public void add(int line, int column, String message) {
        if (errors.size() < MAX) {
            errors.add(new YamlError(file, line, column, message, snippet(line, column)));
        }
    }

    /** What is wrong in a file that this one includes. */
    public void addAll(List<YamlError> others) {
        others.stream().limit(MAX - errors.size()).forEach(errors::add);
    }

    /** A place in a block whose lines are indented, counted from where their text begins. */
    public void addInBlock(int line, int column, String message) {
        String content = line(line);
        add(line, content.length() - content.stripLeading().length() + column + 1, message);
    }

    /** In the order of the file, those of files that it includes last. */
    public List<YamlError> errors() {
        return errors.stream().sorted(Comparator.comparingLong(this::order)).toList();
    }

    public boolean any() {
        return !errors.isEmpty();
    }

    /** Errors of this file by line, those of files that it includes after them. */
    private long order(YamlError error) {
        return error.file().equals(file) ? ((long) error.line() << Integer.SIZE) + error.column() : Long.MAX_VALUE;
    }

    private String snippet(int line, int column) {
        if (line == 0) {
            return "";
        }
        String content = line(line);
        if (content.length() > SNIPPET) {
            content = content.substring(0, SNIPPET) + "…";
        }
        String head = "%5d | ".formatted(line);
        return column == 0 || column > SNIPPET
                ? head + content
                : head + content + "\n      | " + " ".repeat(column - 1) + "^";
    }

    private String line(int line) {
        int start = 0;
        for (int i = 1; i < line; i++) {
            int end = text.indexOf('\n', start);
            if (end < 0) {
                return "";
            }
            start = end + 1;
        }
        int end = text.indexOf('\n', start);
        return text.substring(start, end < 0 ? text.length() : end).stripTrailing();
    }
}
