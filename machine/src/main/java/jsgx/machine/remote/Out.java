package jsgx.machine.remote;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What is being written of a message, little-endian. */
final class Out {

    private static final int START = 512;

    private ByteBuffer bytes = ByteBuffer.allocate(START).order(ByteOrder.LITTLE_ENDIAN);

    private ByteBuffer room(int size) {
        if (bytes.remaining() < size) {
            int capacity = Math.max(bytes.capacity() * 2, bytes.position() + size);
            ByteBuffer larger = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
            larger.put(bytes.flip());
            bytes = larger;
        }
        return bytes;
    }

    Out u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    Out flag(boolean value) {
        return u8(value ? 1 : 0);
    }

    Out i32(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    Out i64(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    Out bytes(byte[] value) {
        i32(value.length);
        room(value.length).put(value);
        return this;
    }

    Out text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    Out texts(@Nullable String value) {
        flag(value != null);
        return value == null ? this : text(value);
    }

    /** Adds what another has. */
    Out append(Out other) {
        int size = other.bytes.position();
        room(size).put(other.bytes.array(), 0, size);
        return this;
    }

    int size() {
        return bytes.position();
    }

    byte[] array() {
        return bytes.array();
    }
}
