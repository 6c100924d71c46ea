package jsgx.arch.leaf;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.crypto.PageCipher;

/**
 * MACHEADER: what EWB binds a page to beside its content, and what ELDU finds again. The manual names its fields and not
 * their places (docs/unpublished.md).
 */
final class MacHeader {

    private static final int EID = 0;
    private static final int LINADDR = 8;
    private static final int SECINFO = 16;
    private static final int RSVD = 80;
    private static final int SECINFO_SIZE = 64;
    private static final int PCMD_RSVD = 72;
    private static final int RSVD_SIZE = 40;

    private final byte[] bytes = new byte[PageCipher.HEADER_SIZE];
    private final MemorySegment memory = MemorySegment.ofArray(bytes);

    /** EWB's: a SECINFO with these FLAGS and nothing else. */
    MacHeader(long eid, long linAddr, long secinfoFlags) {
        u64(memory, EID, eid);
        u64(memory, LINADDR, linAddr);
        u64(memory, SECINFO, secinfoFlags);
    }

    /** ELDU's: SECINFO and the reserved bytes as the PCMD has them. */
    MacHeader(long eid, long linAddr, MemorySegment pcmd) {
        u64(memory, EID, eid);
        u64(memory, LINADDR, linAddr);
        MemorySegment.copy(pcmd, 0, memory, SECINFO, SECINFO_SIZE);
        MemorySegment.copy(pcmd, PCMD_RSVD, memory, RSVD, RSVD_SIZE);
    }

    byte[] bytes() {
        return bytes;
    }
}
