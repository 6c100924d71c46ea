package jsgx.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The section that the SDK's sign tool writes, put together by hand. */
final class SdkBytes {

    static final int ADD = 1;
    static final int ADD_EXTEND = 3;

    private final long version;
    private long enclaveSize = 0x40000;
    private int ssaFrameSize = 1;
    private final List<byte[]> layouts = new ArrayList<>();
    private final List<byte[]> patches = new ArrayList<>();
    private byte[] range = {};
    private byte[] extensions = {};
    private final byte[] data = new byte[0x400];
    private int used;
    private byte[] sigstruct = new byte[1808];

    /** Where {@link #data} lies in the metadata. */
    private static final int DATA = 0x800;

    SdkBytes(int major, int minor) {
        version = (long) major << 32 | minor;
    }

    SdkBytes enclaveSize(long size) {
        enclaveSize = size;
        return this;
    }

    SdkBytes ssaFrameSize(int pages) {
        ssaFrameSize = pages;
        return this;
    }

    SdkBytes sigstruct(byte[] bytes) {
        sigstruct = bytes;
        return this;
    }

    /** Keeps bytes in the metadata and tells where. */
    int data(byte[] bytes) {
        int at = used;
        System.arraycopy(bytes, 0, data, at, bytes.length);
        used += bytes.length;
        return DATA + at;
    }

    SdkBytes entry(int attributes, int pages, long offset, int contentSize, int contentOffset, long flags) {
        layouts.add(buffer(32)
                .putShort(0, (short) 1)
                .putShort(2, (short) attributes)
                .putInt(4, pages)
                .putLong(8, offset)
                .putInt(16, contentSize)
                .putInt(20, contentOffset)
                .putLong(24, flags)
                .array());
        return this;
    }

    SdkBytes group(int entries, int times, long step) {
        layouts.add(buffer(32)
                .putShort(0, (short) (1 << 12 | 9))
                .putShort(2, (short) entries)
                .putInt(4, times)
                .putLong(8, step)
                .array());
        return this;
    }

    SdkBytes patch(long destination, int source, int size) {
        patches.add(buffer(32)
                .putLong(0, destination)
                .putInt(8, source)
                .putInt(12, size)
                .array());
        return this;
    }

    SdkBytes range(long image, long start, long size) {
        range = buffer(24).putLong(0, image).putLong(8, start).putLong(16, size).array();
        return this;
    }

    SdkBytes extension(int id) {
        extensions = buffer(16).putInt(0, id).putInt(4, 8).putInt(8, DATA).array();
        return this;
    }

    /** The metadata itself. */
    byte[] metadata() {
        int at = DATA + data.length;
        int size = at + 32 * (layouts.size() + patches.size()) + range.length + extensions.length;
        byte[] bytes = new byte[size];
        ByteBuffer metadata = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        metadata.putLong(0, 0x86A80294635D0E4CL).putLong(8, version).putInt(16, size);
        metadata.putInt(24, ssaFrameSize)
                .putLong(40, enclaveSize)
                .putLong(48, 4)
                .putLong(56, 3);
        metadata.put(64, sigstruct).put(DATA, data);
        at = directory(metadata, 0, at, patches);
        at = directory(metadata, 1, at, layouts);
        if (range.length > 0) {
            at = directory(metadata, 2, at, List.of(range));
        }
        if (extensions.length > 0) {
            directory(metadata, 3, at, List.of(extensions));
        }
        return bytes;
    }

    /** The section with this metadata and others behind it. */
    static byte[] section(SdkBytes... all) {
        int size = 0;
        for (SdkBytes metadata : all) {
            size += metadata.metadata().length;
        }
        byte[] bytes = new byte[12 + 13 + size];
        ByteBuffer section = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        section.putInt(0, 13).putInt(4, size).putInt(8, 1);
        section.put(12, "sgx_metadata".getBytes(StandardCharsets.US_ASCII));
        int at = 25;
        for (SdkBytes metadata : all) {
            section.put(at, metadata.metadata());
            at += metadata.metadata().length;
        }
        return bytes;
    }

    private static int directory(ByteBuffer metadata, int index, int at, List<byte[]> entries) {
        int size = 0;
        for (byte[] entry : entries) {
            metadata.put(at + size, entry);
            size += entry.length;
        }
        metadata.putInt(0x750 + 8 * index, size == 0 ? 0 : at).putInt(0x750 + 8 * index + 4, size);
        return at + size;
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
