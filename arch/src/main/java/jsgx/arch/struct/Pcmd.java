package jsgx.arch.struct;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * What a page evicted by EWB keeps outside the EPC beside its ciphertext. 128 bytes, 128-aligned.
 *
 * <p>SDM volume 3D, "Paging Crypto MetaData (PCMD)".
 */
public record Pcmd(MemorySegment memory) {

    /** Size in bytes. */
    public static final int SIZE = 128;

    /** Alignment of its address that the leaf functions require, in bytes. */
    public static final int ALIGNMENT = 128;

    private static final long ENCLAVEID = 64;
    private static final long MAC = 112;

    /** A view of the first {@value #SIZE} bytes of {@code memory}, which must have that many. */
    public Pcmd {
        memory = Views.view(memory, SIZE, "PCMD");
    }

    /** A zeroed structure on the heap. */
    public static Pcmd allocate() {
        return of(new byte[SIZE]);
    }

    /** A view of {@code bytes}, not a copy. */
    public static Pcmd of(byte[] bytes) {
        return new Pcmd(MemorySegment.ofArray(bytes));
    }

    /** SECS.EID of the page's enclave; a handle for software. */
    public long enclaveId() {
        return u64(memory, ENCLAVEID);
    }

    public void enclaveId(long v) {
        u64(memory, ENCLAVEID, v);
    }

    /** AES-GCM tag over the page and its metadata. */
    public MemorySegment mac() {
        return Views.bytes(memory, MAC, 16);
    }

    public void mac(MemorySegment v) {
        Views.bytes(memory, MAC, 16, v);
    }

    public void mac(byte[] v) {
        mac(MemorySegment.ofArray(v));
    }

    /** The page's SECINFO, the first 64 bytes, as a view. */
    public Secinfo secinfo() {
        return new Secinfo(memory);
    }

    /** Whether bytes 72 to 111 are zero; the reserved parts of {@link #secinfo} are its own. */
    public boolean reservedIsZero() {
        return Views.isZero(memory, 72, MAC);
    }
}
