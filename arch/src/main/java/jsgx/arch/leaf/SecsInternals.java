package jsgx.arch.leaf;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * The fields of a SECS that software never sees. The manual names them and not their place; the model keeps them in the
 * page's reserved bytes from 3072 on (docs/unpublished.md), so that EWB and ELDU carry them with the page.
 */
record SecsInternals(MemorySegment page) {

    private static final int EID = 3072;
    private static final int VIRTCHILDCNT = EID + 8;
    private static final int PADDING = VIRTCHILDCNT + 8;
    private static final int PADDING_SIZE = 352;
    private static final int ISVFAMILYID = PADDING + PADDING_SIZE;
    private static final int ISVEXTPRODID = ISVFAMILYID + 16;
    private static final int ID_SIZE = 16;

    /** ECREATE: a new enclave. */
    void begin(long eid) {
        u64(page, EID, eid);
    }

    long eid() {
        return u64(page, EID);
    }

    int virtChildCnt() {
        return (int) u64(page, VIRTCHILDCNT);
    }

    void virtChildCnt(int count) {
        u64(page, VIRTCHILDCNT, count);
    }

    /** SECS.PADDING: the padding of the signature that EINIT accepted, 352 bytes. */
    MemorySegment padding() {
        return page.asSlice(PADDING, PADDING_SIZE);
    }

    MemorySegment isvFamilyId() {
        return page.asSlice(ISVFAMILYID, ID_SIZE);
    }

    MemorySegment isvExtProdId() {
        return page.asSlice(ISVEXTPRODID, ID_SIZE);
    }
}
