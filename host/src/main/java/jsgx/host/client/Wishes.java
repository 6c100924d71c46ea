package jsgx.host.client;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.MemoryFile;

/**
 * What a user may say of launches where the administrator granted it; each empty where it is not said.
 *
 * @param policy the text of a policy that is asked besides the host's
 * @param placement where tokens are kept
 * @param workload whom they are charged to
 */
public record Wishes(String policy, String placement, String workload) {

    /** Nothing is said. */
    public static final Wishes NONE = new Wishes("", "", "");

    /** The longest policy that is taken in, in characters. */
    public static final int LONGEST_POLICY = 64 << 10;

    /** The longest that are taken in, in bytes. */
    private static final int LARGEST = 256 << 10;

    /** How much memory those of so many bytes take at most in who reads them: the copy, its bytes, and the texts. */
    public static long memory(long bytes) {
        return 4 * Math.min(bytes, LARGEST);
    }

    /** Those of a run, as a memory file, which the caller closes: a policy is longer than first words may be. */
    public MemoryFile write() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        write(new DataOutputStream(bytes));
        MemoryFile file = MemoryFile.create("jsgx-wishes", bytes.size());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment.copy(bytes.toByteArray(), 0, file.map(arena), JAVA_BYTE, 0, bytes.size());
            return file;
        } catch (LinuxException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Reads them out of a memory file that somebody else may still write to.
     *
     * @throws IOException where it makes no sense
     */
    public static Wishes read(int descriptor) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = MemoryFile.contents(descriptor, LARGEST, arena).toArray(JAVA_BYTE);
            return read(new DataInputStream(new ByteArrayInputStream(bytes)));
        }
    }

    void write(DataOutputStream out) throws IOException {
        Fields.text(out, policy);
        Fields.text(out, placement);
        Fields.text(out, workload);
    }

    static Wishes read(DataInputStream in) throws IOException {
        return new Wishes(Fields.text(in), Fields.text(in), Fields.text(in));
    }
}
