package jsgx.host.aesm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What came of a connection and is not taken yet, cut into frames. It takes no memory while it is empty. */
final class Inbox {

    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final byte[] EMPTY = {};

    private byte[] data = EMPTY;

    /** What is not taken yet lies from start to end. */
    private int start;

    private int end;

    /** Adds the first bytes of a buffer. */
    void add(MemorySegment buffer, int length) {
        if (data.length - end < length) {
            byte[] room = new byte[end - start + length];
            System.arraycopy(data, start, room, 0, end - start);
            data = room;
            end -= start;
            start = 0;
        }
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, data, end, length);
        end += length;
    }

    /** Whether a frame has begun. */
    boolean isPartial() {
        return end > start;
    }

    /** Whether the next frame is longer than any may be. */
    boolean isTooLong() {
        return end - start >= AesmMessages.LENGTH && Integer.compareUnsigned(length(), AesmMessages.MAX_BODY) > 0;
    }

    /** Takes the body of the next frame; null where it is not there yet. */
    byte @Nullable [] take() {
        if (end - start < AesmMessages.LENGTH || isTooLong() || end - start - AesmMessages.LENGTH < length()) {
            return null;
        }
        int body = start + AesmMessages.LENGTH;
        byte[] taken = Arrays.copyOfRange(data, body, body + length());
        start = body + taken.length;
        if (start == end) {
            data = EMPTY;
            start = 0;
            end = 0;
        }
        return taken;
    }

    private int length() {
        return MemorySegment.ofArray(data).get(U32, start);
    }
}
