package jsgx.study.report;

/** Text in an HTML page. */
final class Html {

    private Html() {}

    /** A text from anywhere, so that it is shown as it is and is nothing else; what cannot be shown is a question mark. */
    static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> {
                    boolean unseen = Character.isISOControl(c)
                            || Character.getType(c) == Character.FORMAT
                            || Character.getType(c) == Character.SURROGATE;
                    escaped.appendCodePoint(unseen ? '?' : c);
                }
            }
        });
        return escaped.toString();
    }
}
