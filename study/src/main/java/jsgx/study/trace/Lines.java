package jsgx.study.trace;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import jsgx.launch.audit.FlatJson;
import org.jspecify.annotations.Nullable;

/** Reads lines of JSON objects, and knows where it is; no line costs more memory than the longest that is allowed. */
final class Lines {

    /** Bytes of the longest line, without its end: that of an audit record, whose texts are escaped. */
    static final int LONGEST = 1 << 18;

    private static final int BUFFER = 1 << 16;

    private final String file;
    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int next;
    private int end;
    private byte[] line = new byte[1 << 10];
    private int length;
    private long number;

    Lines(String file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    /** The number of the line that was read last, from 1. */
    long number() {
        return number;
    }

    /** The next line; null at the end. Empty lines are lines too. */
    @Nullable
    String text() throws IOException, TraceException {
        length = 0;
        int b = read();
        if (b < 0) {
            return null;
        }
        number++;
        while (b >= 0 && b != '\n') {
            if (length == LONGEST) {
                throw wrong(
                        LONGEST + 1,
                        "expected a line of at most %d bytes, found a longer one: each record is a line of its own"
                                .formatted(LONGEST));
            }
            if (length == line.length) {
                line = java.util.Arrays.copyOf(line, 2 * line.length);
            }
            line[length++] = (byte) b;
            b = read();
        }
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return decoded();
    }

    /** The object in the line that was read last. */
    SortedMap<String, FlatJson.Member> object(String text) throws TraceException {
        try {
            return FlatJson.parse(text);
        } catch (FlatJson.Malformed e) {
            throw wrong(e.column(), "this is no record: " + e.getMessage());
        }
    }

    /** What is wrong with the line that was read last; column 0 where it is the whole line. */
    TraceException wrong(int column, String message) {
        return new TraceException(
                column == 0 ? file + ":" + number : file + ":" + number + ":" + column, printable(message));
    }

    /** What is wrong with all of it. */
    TraceException wrong(String message) {
        return new TraceException(file, printable(message));
    }

    /** A text from a file, shortened for a message. */
    static String quoted(String text) {
        return "\"" + (text.length() <= 80 ? text : text.substring(0, 79) + "…") + "\"";
    }

    private static String printable(String message) {
        StringBuilder out = new StringBuilder();
        message.codePoints().forEach(c -> {
            if (Character.isISOControl(c)) {
                out.append("U+%04X".formatted(c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    private String decoded() throws TraceException {
        ByteBuffer bytes = ByteBuffer.wrap(line, 0, length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw wrong(
                    bytes.position() + 1,
                    "expected UTF-8, found the byte 0x%02x".formatted(line[bytes.position()] & 0xff));
        }
    }

    private int read() throws IOException {
        if (next == end) {
            next = 0;
            end = in.read(buffer);
            if (end <= 0) {
                end = 0;
                return -1;
            }
        }
        return buffer[next++] & 0xff;
    }
}
