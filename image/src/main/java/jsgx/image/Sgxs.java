package jsgx.image;

/**
 * The records of an SGXS stream: 64 bytes each, EEXTEND and UNMEASRD followed by 256 bytes of data.
 *
 * <p>ECREATE, EADD and EEXTEND are what the processor hashes for MRENCLAVE. UNSIZED stands for ECREATE where the size is not
 * settled yet, UNMEASRD for EEXTEND where a chunk is loaded and not measured.
 */
final class Sgxs {

    static final int RECORD = 64;
    static final int CHUNK = 256;

    /** "ECREATE", SSAFRAMESIZE at 8, SIZE at 12. */
    static final long ECREATE = 0x0045544145524345L;

    /** "UNSIZED", SSAFRAMESIZE at 8, at 12 the offset in the enclave where its size is to be written. */
    static final long UNSIZED = 0x0044455a49534e55L;

    /** "EADD", the page's offset at 8, the first 48 bytes of SECINFO at 16. */
    static final long EADD = 0x0000000044444145L;

    /** "EEXTEND", the chunk's offset at 8. */
    static final long EEXTEND = 0x00444e4554584545L;

    /** "UNMEASRD", the chunk's offset at 8. */
    static final long UNMEASRD = 0x44525341454d4e55L;

    private Sgxs() {}
}
