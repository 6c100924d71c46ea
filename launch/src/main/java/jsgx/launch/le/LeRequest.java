package jsgx.launch.le;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;

/**
 * What a launch enclave is asked: the identity of an enclave to launch and its attributes. In memory it is the struct of
 * the driver for data centres, 392 bytes: the 80 bytes of the request, then 304 for the token and 4 for the result.
 *
 * @param mrEnclave MRENCLAVE, 32 bytes
 * @param mrSigner MRSIGNER, 32 bytes
 * @param attributes SECS.ATTRIBUTES before EINIT
 */
public record LeRequest(byte[] mrEnclave, byte[] mrSigner, Attributes attributes) {

    /** Bytes of the struct. */
    public static final int SIZE = 392;

    /** Bytes of it that are the request. */
    static final int INPUT_SIZE = 80;

    static final int MRENCLAVE = 0;
    static final int MRSIGNER = 32;
    static final int FLAGS = 64;
    static final int XFRM = 72;
    static final int TOKEN = 80;
    static final int RESULT = TOKEN + EinitToken.SIZE;

    private static final int HASH = 32;

    public LeRequest {
        if (mrEnclave.length != HASH || mrSigner.length != HASH) {
            throw new IllegalArgumentException("MRENCLAVE and MRSIGNER have 32 bytes each, not %d and %d"
                    .formatted(mrEnclave.length, mrSigner.length));
        }
        mrEnclave = mrEnclave.clone();
        mrSigner = mrSigner.clone();
    }

    @Override
    public byte[] mrEnclave() {
        return mrEnclave.clone();
    }

    @Override
    public byte[] mrSigner() {
        return mrSigner.clone();
    }

    /** Writes the struct, its output zeroed. */
    public void writeTo(MemorySegment struct) {
        struct.asSlice(0, SIZE).fill((byte) 0);
        MemorySegment.copy(mrEnclave, 0, struct, ValueLayout.JAVA_BYTE, MRENCLAVE, HASH);
        MemorySegment.copy(mrSigner, 0, struct, ValueLayout.JAVA_BYTE, MRSIGNER, HASH);
        attributes.writeTo(struct, FLAGS);
    }

    /** Reads the request of a struct. */
    static LeRequest readFrom(MemorySegment struct) {
        return new LeRequest(
                struct.asSlice(MRENCLAVE, HASH).toArray(ValueLayout.JAVA_BYTE),
                struct.asSlice(MRSIGNER, HASH).toArray(ValueLayout.JAVA_BYTE),
                Attributes.at(struct, FLAGS));
    }

    /** Reads the answer that a launch enclave left in a struct. */
    static LeAnswer answerIn(MemorySegment struct) {
        return new LeAnswer(
                struct.asSlice(TOKEN, EinitToken.SIZE).toArray(ValueLayout.JAVA_BYTE), struct.get(Layouts.U32, RESULT));
    }
}
