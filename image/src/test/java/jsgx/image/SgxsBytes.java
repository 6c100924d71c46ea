package jsgx.image;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** An SGXS stream written record by record, rightly or wrongly, from the format's description alone. */
final class SgxsBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    SgxsBytes ecreate(int ssaFrameSize, long size) {
        return record("ECREATE", record -> record.putInt(8, ssaFrameSize).putLong(12, size));
    }

    SgxsBytes unsized(int ssaFrameSize, long sizeOffset) {
        return record("UNSIZED", record -> record.putInt(8, ssaFrameSize).putLong(12, sizeOffset));
    }

    SgxsBytes eadd(long offset, long flags) {
        return record("EADD", record -> record.putLong(8, offset).putLong(16, flags));
    }

    SgxsBytes eextend(long offset, byte[] data) {
        record("EEXTEND", record -> record.putLong(8, offset));
        out.writeBytes(data);
        return this;
    }

    SgxsBytes unmeasured(long offset, byte[] data) {
        record("UNMEASRD", record -> record.putLong(8, offset));
        out.writeBytes(data);
        return this;
    }

    /** EADD and all of a page's chunks, measured. */
    SgxsBytes page(long offset, long flags, byte[] content) {
        eadd(offset, flags);
        for (int at = 0; at < content.length; at += 256) {
            eextend(offset + at, Arrays.copyOfRange(content, at, at + 256));
        }
        return this;
    }

    SgxsBytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    MemorySegment segment() {
        return MemorySegment.ofArray(bytes());
    }

    /** SHA-256 of the stream, which is MRENCLAVE where all of it is measured. */
    String sha256() {
        return sha256(bytes());
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A page or a chunk of one byte again and again. */
    static byte[] filled(int size, int value) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private interface Fields {
        void put(ByteBuffer record);
    }

    private SgxsBytes record(String tag, Fields fields) {
        ByteBuffer record = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        record.put(0, tag.getBytes(StandardCharsets.US_ASCII));
        fields.put(record);
        out.writeBytes(record.array());
        return this;
    }
}
