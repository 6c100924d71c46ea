package jsgx.arch.crypto;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * MRENCLAVE in the making: the SHA-256 of the blocks that ECREATE, EADD and EEXTEND add, each a multiple of 64 bytes
 * (SDM 3D, operation sections of the three leaves). Not safe for use by several threads at once.
 */
public final class Measurement {

    /** Bytes of a finished measurement. */
    public static final int SIZE = 32;

    /** Bytes of a page that one EEXTEND measures. */
    public static final int CHUNK = 256;

    private static final int BLOCK = 64;
    private static final long TAG_ECREATE = 0x0045544145524345L;
    private static final long TAG_EADD = 0x0000000044444145L;
    private static final long TAG_EEXTEND = 0x00444E4554584545L;

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MessageDigest sha256;
    private final byte[] bytes = new byte[BLOCK + CHUNK];
    private final MemorySegment block = MemorySegment.ofArray(bytes);
    private long blocks;

    private Measurement() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Begins as ECREATE does.
     *
     * @param ssaFrameSize SECS.SSAFRAMESIZE in pages
     * @param size SECS.SIZE in bytes
     * @param cetLegBitmapOffset SECS.CET_LEG_BITMAP_OFFSET where the processor has CET_IBT, else 0
     */
    public static Measurement ecreate(int ssaFrameSize, long size, long cetLegBitmapOffset) {
        Measurement measurement = new Measurement();
        MemorySegment block = measurement.block;
        block.asSlice(0, BLOCK).fill((byte) 0);
        block.set(U64, 0, TAG_ECREATE);
        block.set(U32, 8, ssaFrameSize);
        block.set(U64, 12, size);
        block.set(U64, 20, cetLegBitmapOffset);
        measurement.update(BLOCK);
        return measurement;
    }

    /**
     * Adds EADD's block.
     *
     * @param offset the page's offset from BASEADDR
     * @param secinfo SECINFO, of which the first 48 bytes count, with R, W and X already 0 for a TCS
     */
    public void eadd(long offset, MemorySegment secinfo) {
        block.set(U64, 0, TAG_EADD);
        block.set(U64, 8, offset);
        MemorySegment.copy(secinfo, 0, block, 16, 48);
        update(BLOCK);
    }

    /**
     * Adds EEXTEND's five blocks.
     *
     * @param offset the chunk's offset from BASEADDR
     * @param memory where the chunk is
     * @param at the offset of its first byte in memory
     */
    public void eextend(long offset, MemorySegment memory, long at) {
        block.set(U64, 0, TAG_EEXTEND);
        block.set(U64, 8, offset);
        for (int i = 16; i < BLOCK; i += 8) {
            block.set(U64, i, 0L);
        }
        MemorySegment.copy(memory, at, block, BLOCK, CHUNK);
        update(BLOCK + CHUNK);
    }

    /** How many blocks of 64 bytes have been added: the counter that the manual keeps beside MRENCLAVE. */
    public long blocks() {
        return blocks;
    }

    /** MRENCLAVE if the enclave were finished now; adding can go on. */
    public byte[] value() {
        try {
            return ((MessageDigest) sha256.clone()).digest();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the platform's SHA-256 can be cloned", e);
        }
    }

    private void update(int length) {
        sha256.update(bytes, 0, length);
        blocks += length / BLOCK;
    }
}
