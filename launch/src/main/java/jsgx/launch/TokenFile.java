package jsgx.launch;

import java.nio.file.Path;
import java.util.List;
import jsgx.arch.struct.EinitToken;

/**
 * A file that holds a token: the 304 bytes of an EINITTOKEN, or the 1024 bytes that the Intel SDK's samples keep, of which
 * the first 304 are the token and the rest is zero.
 *
 * @param format which of the two
 * @param token the EINITTOKEN
 */
public record TokenFile(Format format, EinitToken token) {

    /** The two forms. */
    public enum Format {
        RAW("raw", 304),
        SDK("sdk", 1024);

        private final String id;
        private final int size;

        Format(String id, int size) {
            this.id = id;
            this.size = size;
        }

        /** The name in JSON. */
        public String id() {
            return id;
        }

        /** How many bytes such a file has. */
        public int size() {
            return size;
        }
    }

    /** One field of a token for people and JSON: numbers that are masks as 0x…, byte strings as lower-case hex. */
    public record Field(String name, String value, String meaning) {}

    /** Reads a token file; neither form is checked beyond its size and, for the SDK's, its zeroes. */
    public static TokenFile read(Path file) throws LaunchException {
        return Skeleton.absent();
    }

    /** The token in these bytes. */
    public static TokenFile parse(byte[] bytes) throws LaunchException {
        return Skeleton.absent();
    }

    /** The bytes of a file of a form. */
    public byte[] toBytes(Format form) {
        return Skeleton.absent();
    }

    /** Every field, in the order of the structure. */
    public List<Field> fields() {
        return Skeleton.absent();
    }

    /** Writes a file that only its owner can read; what was there is replaced at once or not at all. */
    public void write(Path file, Format form) throws LaunchException {
        Skeleton.absent();
    }
}
