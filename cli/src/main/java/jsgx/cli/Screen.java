package jsgx.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Help.Ansi.Style;

/** Output for people: lines, and labels with their values beneath each other; colour only where it was asked for. */
final class Screen {

    private static final Pattern HASH = Pattern.compile("\\b[0-9a-f]{32,}\\b");
    private static final int WIDTH = 116;
    private static final int GAP = 2;

    private final PrintStream out;
    private final boolean colour;
    private final boolean wholeHashes;

    Screen(PrintStream out, boolean colour, boolean wholeHashes) {
        this.out = out;
        this.colour = colour;
        this.wholeHashes = wholeHashes;
    }

    /** A label and what stands beside it. */
    record Fact(String label, String value) {}

    void line(String text) {
        out.println(text);
    }

    void blank() {
        out.println();
    }

    /** Labels in one column and their values in the next, long values broken between words. */
    void facts(List<Fact> facts) {
        int column = 0;
        for (Fact fact : facts) {
            column = Math.max(column, fact.label().length());
        }
        for (Fact fact : facts) {
            String margin = " ".repeat(GAP + column + GAP);
            String head = " ".repeat(GAP)
                    + fact.label()
                    + " ".repeat(column - fact.label().length() + GAP);
            for (String line : broken(fact.value(), WIDTH - margin.length())) {
                out.println((head + line).stripTrailing());
                head = margin;
            }
        }
    }

    /** Rows whose cells stand in columns; the last column may be of any length. */
    void rows(List<List<String>> rows) {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                int width = row.get(i).length();
                if (i == widths.size()) {
                    widths.add(width);
                } else {
                    widths.set(i, Math.max(widths.get(i), width));
                }
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String cell = row.get(i);
                line.append(" ".repeat(GAP)).append(cell);
                if (i < row.size() - 1) {
                    line.append(" ".repeat(widths.get(i) - cell.length()));
                }
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /** A hash as people see it. */
    String hash(String hex) {
        return wholeHashes ? hex : Text.shortened(hex);
    }

    /** A text with its hashes as people see them. */
    String hashes(String text) {
        return HASH.matcher(text).replaceAll(hash -> Matcher.quoteReplacement(hash(hash.group())));
    }

    String good(String text) {
        return styled(text, Style.fg_green);
    }

    String bad(String text) {
        return styled(text, Style.fg_red);
    }

    String faint(String text) {
        return styled(text, Style.faint);
    }

    String bold(String text) {
        return styled(text, Style.bold);
    }

    private String styled(String text, Style style) {
        return colour ? style.on() + text + style.off() : text;
    }

    /** A text in lines that are no longer than {@code width}, unless a word is. */
    static List<String> broken(String text, int width) {
        List<String> lines = new ArrayList<>();
        for (String paragraph : text.split("\n", -1)) {
            String rest = paragraph;
            while (rest.length() > width) {
                int end = rest.lastIndexOf(' ', width);
                if (end <= 0) {
                    end = rest.indexOf(' ');
                }
                if (end <= 0) {
                    break;
                }
                lines.add(rest.substring(0, end).stripTrailing());
                rest = rest.substring(end).stripLeading();
            }
            lines.add(rest);
        }
        return lines;
    }
}
