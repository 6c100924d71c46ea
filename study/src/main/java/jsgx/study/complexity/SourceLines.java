package jsgx.study.complexity;

/** Counts lines of code in a Java source: without comments, blank lines, imports and the package declaration. */
final class SourceLines {

    private enum In {
        CODE,
        LINE_COMMENT,
        COMMENT,
        STRING,
        TEXT_BLOCK,
        CHARACTER
    }

    private final String source;
    private int at;
    private In in = In.CODE;
    private final StringBuilder line = new StringBuilder();
    private int lines;

    private SourceLines(String source) {
        this.source = source;
    }

    /** How many lines of code a source has. */
    static int count(String source) {
        return new SourceLines(source).count();
    }

    private int count() {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (c == '\n') {
                end();
            } else {
                next(c);
            }
            at++;
        }
        end();
        return lines;
    }

    private void end() {
        String code = line.toString().strip();
        boolean declares = code.startsWith("import ") || code.startsWith("package ");
        if (!code.isEmpty() && !declares) {
            lines++;
        }
        line.setLength(0);
        if (in == In.LINE_COMMENT) {
            in = In.CODE;
        }
    }

    private void next(char c) {
        switch (in) {
            case CODE -> code(c);
            case LINE_COMMENT -> {}
            case COMMENT -> {
                if (c == '*' && follows("/", 1)) {
                    at++;
                    in = In.CODE;
                }
            }
            case STRING -> literal(c, '"');
            case CHARACTER -> literal(c, '\'');
            case TEXT_BLOCK -> {
                line.append(c);
                if (c == '\\') {
                    at++;
                } else if (follows("\"\"\"", 0)) {
                    at += 2;
                    in = In.CODE;
                }
            }
        }
    }

    private void code(char c) {
        if (c == '/' && follows("/", 1)) {
            in = In.LINE_COMMENT;
            return;
        }
        if (c == '/' && follows("*", 1)) {
            at++;
            in = In.COMMENT;
            return;
        }
        line.append(c);
        if (follows("\"\"\"", 0)) {
            at += 2;
            in = In.TEXT_BLOCK;
        } else if (c == '"') {
            in = In.STRING;
        } else if (c == '\'') {
            in = In.CHARACTER;
        }
    }

    private void literal(char c, char quote) {
        line.append(c);
        if (c == '\\') {
            at++;
        } else if (c == quote) {
            in = In.CODE;
        }
    }

    private boolean follows(String text, int distance) {
        return source.startsWith(text, at + distance);
    }
}
