package jsgx.machine.remote;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A message as it came, little-endian. Reading past its end is a {@link BadMessage}. */
final class In {

    private final ByteBuffer bytes;

    In(byte[] message) {
        bytes = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    }

    int u8() {
        try {
            return bytes.get() & 0xff;
        } catch (BufferUnderflowException e) {
            throw truncated();
        }
    }

    boolean flag() {
        return u8() != 0;
    }

    int i32() {
        try {
            return bytes.getInt();
        } catch (BufferUnderflowException e) {
            throw truncated();
        }
    }

    /** What {@link #i32} will give next. */
    int nextI32() {
        if (bytes.remaining() < Integer.BYTES) {
            throw truncated();
        }
        return bytes.getInt(bytes.position());
    }

    long i64() {
        try {
            return bytes.getLong();
        } catch (BufferUnderflowException e) {
            throw truncated();
        }
    }

    /** A count of things that are still to come, each of at least so many bytes. */
    int count(int size) {
        int count = i32();
        if (count < 0 || (long) count * size > bytes.remaining()) {
            throw truncated();
        }
        return count;
    }

    byte[] bytes() {
        byte[] value = new byte[count(1)];
        bytes.get(value);
        return value;
    }

    String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /** Nothing may be left. */
    void end() {
        if (bytes.hasRemaining()) {
            throw new BadMessage(bytes.remaining() + " bytes too many");
        }
    }

    private static BadMessage truncated() {
        return new BadMessage("it ends too early");
    }
}
