package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * CPUSVN: the security version of the processor and its microcode, 16 bytes. Its encoding is opaque; the model compares
 * byte by byte, each byte being the version of one component (docs/unpublished.md).
 */
public record CpuSvn(byte[] bytes) {

    public static final int SIZE = 16;

    public static final CpuSvn ZERO = new CpuSvn(new byte[SIZE]);

    public CpuSvn {
        if (bytes.length != SIZE) {
            throw new IllegalArgumentException("a CPUSVN has 16 bytes, not " + bytes.length);
        }
        bytes = bytes.clone();
    }

    /** A CPUSVN in 32 hexadecimal digits. */
    public static CpuSvn parse(String hex) {
        return new CpuSvn(HexFormat.of().parseHex(hex));
    }

    public static CpuSvn at(MemorySegment memory) {
        return new CpuSvn(memory.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Whether any component of this one is newer than the same component of {@code current}. */
    public boolean beyond(CpuSvn current) {
        for (int i = 0; i < SIZE; i++) {
            if ((bytes[i] & 0xff) > (current.bytes[i] & 0xff)) {
                return true;
            }
        }
        return false;
    }

    /** Whether some component of this one is newer than the same component of {@code current}, and none is older. */
    public boolean newerThan(CpuSvn current) {
        return beyond(current) && !current.beyond(this);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof CpuSvn other && Arrays.equals(bytes, other.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
