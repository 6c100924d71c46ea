package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.struct.Layouts;

/**
 * Intel's white list: the signers whose enclaves launch without DEBUG.
 *
 * @param version counts up with each list; 0 where there is none yet
 * @param signers MRSIGNER of each, in lower-case hex; one of zeroes at the head stands for all
 */
public record WhiteList(int version, List<String> signers) {

    /** No list yet: nothing launches without DEBUG. */
    public static final WhiteList NONE = new WhiteList(0, List.of());

    /** How many signers a list may name. */
    public static final int MAX_SIGNERS = 2048;

    private static final int HEADER = LeLayout.LIST_ENTRIES - LeLayout.LIST_VERSION;
    private static final int COUNT = LeLayout.LIST_COUNT - LeLayout.LIST_VERSION;
    private static final int HASH = 32;

    public WhiteList {
        signers = List.copyOf(signers);
        if (signers.size() > MAX_SIGNERS) {
            throw new IllegalArgumentException(
                    "a white list names at most %d signers, not %d".formatted(MAX_SIGNERS, signers.size()));
        }
        for (String signer : signers) {
            if (!signer.matches("[0-9a-f]{64}")) {
                throw new IllegalArgumentException(
                        "a signer is an MRSIGNER, 64 lower-case hexadecimal digits, not \"" + signer + "\"");
            }
        }
    }

    /** The list as it lies in a launch enclave: version, count, eight bytes of zero, the signers. */
    byte[] toEnclaveBytes() {
        byte[] bytes = new byte[HEADER + HASH * Math.max(1, signers.size())];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        memory.set(Layouts.U32, 0, version);
        memory.set(Layouts.U32, COUNT, signers.size());
        for (int i = 0; i < signers.size(); i++) {
            byte[] signer = HexFormat.of().parseHex(signers.get(i));
            MemorySegment.copy(signer, 0, memory, ValueLayout.JAVA_BYTE, HEADER + (long) HASH * i, HASH);
        }
        return bytes;
    }
}
