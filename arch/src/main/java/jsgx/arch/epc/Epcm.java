package jsgx.arch.epc;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The enclave page cache map: one entry for each EPC page, which only leaf functions change (SDM 3D, "Enclave Page
 * Cache Map"). R, W, X, PENDING, MODIFIED, PR and PT have the bit positions that SECINFO.FLAGS has; BLOCKED and VALID
 * take two of the bits that SECINFO reserves.
 *
 * <p>The entries lie in arrays side by side rather than in objects: a page costs {@link #BYTES_PER_PAGE} bytes. An
 * entry's fields are read and written under one of its locks ({@link #tryExclusive}, {@link #tryShared} and the
 * others); a lock that cannot be had at once is the conflict that a leaf's manual page names, and no leaf ever waits.
 */
public final class Epcm {

    public static final int R = 1;
    public static final int W = 1 << 1;
    public static final int X = 1 << 2;
    public static final int RWX = R | W | X;
    public static final int PENDING = 1 << 3;
    public static final int MODIFIED = 1 << 4;
    public static final int PR = 1 << 5;
    public static final int BLOCKED = 1 << 6;
    public static final int VALID = 1 << 7;

    /** The page type's position: bits 15:8, as in SECINFO.FLAGS. */
    public static final int PT_SHIFT = 8;

    public static final int PT_MASK = 0xff << PT_SHIFT;

    /** The bits of an entry that SECINFO.FLAGS has too. */
    public static final int SECINFO_MASK = RWX | PENDING | MODIFIED | PR | PT_MASK;

    /** {@link #enclaveSecs} of a page that belongs to no enclave. */
    public static final int NO_SECS = -1;

    /** The size of an entry. */
    public static final int BYTES_PER_PAGE = 4 + 8 + 4 + 8 + 4;

    private static final VarHandle INT = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle LONG = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int SHARED_MASK = 0xffff;
    private static final int EXCLUSIVE = 0xffff;
    private static final int SGX2 = 1 << 16;
    private static final int MEASURING = 1 << 17;
    private static final int TRACKING = 1 << 18;

    private final int[] flags;
    private final long[] enclaveAddress;
    private final int[] enclaveSecs;
    private final long[] blockEpoch;
    private final int[] locks;

    public Epcm(int pages) {
        flags = new int[pages];
        enclaveAddress = new long[pages];
        enclaveSecs = new int[pages];
        blockEpoch = new long[pages];
        locks = new int[pages];
    }

    /** All flags of an entry: {@link #R} to {@link #VALID} and the page type. */
    public int flags(int page) {
        return flags[page];
    }

    public boolean has(int page, int flag) {
        return (flags[page] & flag) != 0;
    }

    public boolean valid(int page) {
        return has(page, VALID);
    }

    /** EPCM.PT, as the number that {@link jsgx.arch.struct.PageType} gives. */
    public int pageType(int page) {
        return (flags[page] & PT_MASK) >>> PT_SHIFT;
    }

    /** EPCM.ENCLAVEADDRESS: the linear address at which the enclave may use the page. */
    public long enclaveAddress(int page) {
        return enclaveAddress[page];
    }

    /** EPCM.ENCLAVESECS: the index of the SECS's page, or {@link #NO_SECS}. */
    public int enclaveSecs(int page) {
        return enclaveSecs[page];
    }

    /** The enclave's epoch at which this page was blocked or changed by EMODT or EMODPR; see {@link SecsState}. */
    public long blockEpoch(int page) {
        return blockEpoch[page];
    }

    /** Writes a whole entry; VALID becomes 1. */
    public void set(int page, int flags, long enclaveAddress, int enclaveSecs) {
        this.enclaveAddress[page] = enclaveAddress;
        this.enclaveSecs[page] = enclaveSecs;
        this.blockEpoch[page] = 0;
        this.flags[page] = flags | VALID;
    }

    /** Replaces the flags of an entry, its address and SECS stay. For a leaf that has the page alone. */
    public void flags(int page, int flags) {
        this.flags[page] = flags;
    }

    /**
     * Clears and sets flags of an entry in one step, so that leaves that share the page (EBLOCK, EMODPR, EACCEPT and
     * others) do not undo each other.
     *
     * @return the flags that the entry had
     */
    public int update(int page, int cleared, int set) {
        while (true) {
            int seen = (int) INT.getVolatile(flags, page);
            if (INT.compareAndSet(flags, page, seen, (seen & ~cleared) | set)) {
                return seen;
            }
        }
    }

    /** Records the enclave's epoch; where leaves that share the page record two, the later one stays. */
    public void recordEpoch(int page, long epoch) {
        while (true) {
            long seen = (long) LONG.getVolatile(blockEpoch, page);
            if (epoch <= seen || LONG.compareAndSet(blockEpoch, page, seen, epoch)) {
                return;
            }
        }
    }

    /** EPCM.VALID becomes 0; nothing else does. */
    public void invalidate(int page) {
        flags[page] &= ~VALID;
    }

    /** All entries are lost, as after power loss. */
    public void clear() {
        Arrays.fill(flags, 0);
    }

    /** Takes the page for this leaf alone; false where another leaf has it in any way. */
    public boolean tryExclusive(int page) {
        while (true) {
            int seen = (int) INT.getVolatile(locks, page);
            if ((seen & SHARED_MASK) != 0) {
                return false;
            }
            if (INT.compareAndSet(locks, page, seen, seen | EXCLUSIVE)) {
                return true;
            }
        }
    }

    public void releaseExclusive(int page) {
        clear(page, EXCLUSIVE);
    }

    /** Takes the page beside other leaves that share it; false where one has it alone. */
    public boolean tryShared(int page) {
        while (true) {
            int seen = (int) INT.getVolatile(locks, page);
            if ((seen & SHARED_MASK) >= EXCLUSIVE - 1) {
                return false;
            }
            if (INT.compareAndSet(locks, page, seen, seen + 1)) {
                return true;
            }
        }
    }

    public void releaseShared(int page) {
        INT.getAndAdd(locks, page, -1);
    }

    /** Takes the page against the other leaves of SGX2 (EACCEPT, EACCEPTCOPY, EMODPE, EMODPR, EMODT). */
    public boolean trySgx2(int page) {
        return set(page, SGX2);
    }

    public void releaseSgx2(int page) {
        clear(page, SGX2);
    }

    /** Takes a SECS's measurement and INIT state against EADD, EEXTEND and EINIT. */
    public boolean tryMeasuring(int secs) {
        return set(secs, MEASURING);
    }

    public void releaseMeasuring(int secs) {
        clear(secs, MEASURING);
    }

    /** Takes a SECS's tracking facility against ETRACK and ETRACKC. */
    public boolean tryTracking(int secs) {
        return set(secs, TRACKING);
    }

    public void releaseTracking(int secs) {
        clear(secs, TRACKING);
    }

    /** Whether an ETRACK or ETRACKC runs on a SECS at this moment. */
    public boolean isTracking(int secs) {
        return ((int) INT.getVolatile(locks, secs) & TRACKING) != 0;
    }

    private boolean set(int page, int bit) {
        return ((int) INT.getAndBitwiseOr(locks, page, bit) & bit) == 0;
    }

    private void clear(int page, int bits) {
        INT.getAndBitwiseAnd(locks, page, ~bits);
    }
}
