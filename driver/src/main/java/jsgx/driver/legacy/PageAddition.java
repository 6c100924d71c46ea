package jsgx.driver.legacy;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Tcs;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMapping;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * How the older drivers add a page. They check it, queue it and return; a worker executes EADD and EEXTEND later, and INIT waits for
 * it. A leaf that fails there is reported to nobody: the pages behind it are dropped, and EINIT finds another measurement. Here the
 * worker's part is done at once, with the same results.
 */
public final class PageAddition {

    /** Why it fails besides {@link EnclaveLookup}, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        SECINFO_READABLE(Errno.EFAULT.result(), "the SECINFO can be read"),
        /** The result is the number of bytes that were not read: these drivers return what copy_from_user does. */
        SRC_READABLE(Epc.PAGE_SIZE, "the 4096 bytes at src can be read"),
        SECINFO_FLAGS(
                Errno.EINVAL.result(), "the reserved bits of SECINFO.FLAGS are 0, and PENDING, MODIFIED and PR too"),
        SECINFO_W_NEEDS_R(Errno.EINVAL.result(), "SECINFO.FLAGS.W is 0 or R is 1"),
        SECINFO_TYPE(Errno.EINVAL.result(), "SECINFO.FLAGS.PT is PT_REG or PT_TCS"),
        SECINFO_RESERVED(Errno.EINVAL.result(), "the reserved fields of SECINFO are 0"),
        TCS_FLAGS(Errno.EINVAL.result(), "the reserved bits of TCS.FLAGS are 0"),
        TCS_DBGOPTIN(Errno.EINVAL.result(), "TCS.FLAGS.DBGOPTIN is 0: EADD would clear it"),
        TCS_OFFSETS(
                Errno.EINVAL.result(), "TCS.OSSA, OFSBASE and OGSBASE are multiples of 4096 and lie in the enclave"),
        TCS_LIMITS(Errno.EINVAL.result(), "TCS.FSLIMIT and GSLIMIT end in FFFH, in a 64-bit enclave too"),
        TCS_RESERVED(Errno.EINVAL.result(), "the reserved fields of the TCS are 0"),
        NOT_INITIALIZED(Errno.EINVAL.result(), "the enclave is not initialised"),
        NOT_DEAD(Errno.EINVAL.result(), "no mapping of the enclave was closed"),
        PAGE_FREE(Errno.EEXIST.result(), "the enclave has no page at the address");

        private final long result;
        private final String rule;

        Cause(long result, String rule) {
            this.result = result;
            this.rule = rule;
        }

        @Override
        public long result() {
            return result;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final int CHUNK = 256;
    private static final int RESERVED_FROM = 72;

    private PageAddition() {}

    /** Adds a page. */
    public static long run(
            LegacyFile file, AddressSpace caller, long address, long src, long secinfoAddress, int mrmask)
            throws Refused {
        Enclave enclave = EnclaveLookup.find(file, caller, address);
        try {
            Secinfo secinfo =
                    new Secinfo(UserMemory.read(caller, secinfoAddress, Secinfo.SIZE, Cause.SECINFO_READABLE));
            MemorySegment content = PartialCopy.read(caller, src, Epc.PAGE_SIZE, Cause.SRC_READABLE);
            check(secinfo);
            if (secinfo.pageType() == PageType.TCS) {
                check(new Tcs(content), enclave);
            }
            add(caller, enclave, address, content, secinfo, mrmask);
            return 0;
        } finally {
            enclave.drop();
        }
    }

    private static void check(Secinfo secinfo) throws Refused {
        long flags = secinfo.flags();
        Refused.unless((flags & 0xFFFF_FFFF_FFFF_00F8L) == 0, Cause.SECINFO_FLAGS, "none of 0xffffffffffff00f8", flags);
        Refused.unless(!secinfo.w() || secinfo.r(), Cause.SECINFO_W_NEEDS_R, "R with W", flags);
        PageType type = secinfo.pageType();
        Refused.unless(type == PageType.TCS || type == PageType.REG, Cause.SECINFO_TYPE, "PT_REG or PT_TCS", flags);
        Refused.unless(secinfo.reservedIsZero(), Cause.SECINFO_RESERVED, "0 in the reserved fields", "other bytes");
    }

    private static void check(Tcs tcs, Enclave enclave) throws Refused {
        long flags = tcs.flags();
        Refused.unless((flags & ~Tcs.DBGOPTIN) == 0, Cause.TCS_FLAGS, "no reserved bits", flags);
        Refused.unless((flags & Tcs.DBGOPTIN) == 0, Cause.TCS_DBGOPTIN, "no DBGOPTIN", flags);
        for (long offset : new long[] {tcs.ossa(), tcs.ofsBase(), tcs.ogsBase()}) {
            Refused.unless(
                    offset % Epc.PAGE_SIZE == 0 && Long.compareUnsigned(offset, enclave.size()) < 0,
                    Cause.TCS_OFFSETS,
                    "page offsets below 0x" + Long.toHexString(enclave.size()),
                    offset);
        }
        for (int limit : new int[] {tcs.fsLimit(), tcs.gsLimit()}) {
            Refused.unless((limit & 0xfff) == 0xfff, Cause.TCS_LIMITS, "FFFH", Integer.toUnsignedLong(limit));
        }
        MemorySegment reserved = tcs.memory().asSlice(RESERVED_FROM);
        boolean zero = reserved.mismatch(MemorySegment.ofArray(new byte[(int) reserved.byteSize()])) == -1;
        Refused.unless(zero, Cause.TCS_RESERVED, "0 in the reserved fields", "other bytes");
    }

    private static void add(
            AddressSpace caller, Enclave enclave, long address, MemorySegment content, Secinfo secinfo, int mrmask)
            throws Refused {
        int versionArray = enclave.grow(true, caller);
        enclave.lock().lock();
        try {
            // It stays where the rest fails: its slots are there for the next page.
            enclave.addVersionArray(versionArray);
            try {
                enterable(enclave, address);
                enter(enclave, caller, address, content, secinfo, mrmask, allocate(enclave, caller, address));
            } catch (Refused e) {
                enclave.shrink(Enclave.NONE);
                throw e;
            }
        } finally {
            enclave.lock().unlock();
        }
    }

    private static void enterable(Enclave enclave, long address) throws Refused {
        Refused.unless(!enclave.isInitialized(), Cause.NOT_INITIALIZED, "no EINIT yet", "an initialised enclave");
        Refused.unless(!enclave.isDead(), Cause.NOT_DEAD, "all mappings", "a closed mapping");
        int index = enclave.pageTable().find(address >>> Epc.PAGE_SHIFT);
        Refused.unless(index < 0, Cause.PAGE_FREE, "no page yet", address);
    }

    /** Takes an EPC page without the lock, which the reclaimer may need; the enclave may be another one afterwards. */
    private static int allocate(Enclave enclave, AddressSpace caller, long address) throws Refused {
        Kernel kernel = enclave.kernel();
        int page;
        enclave.lock().unlock();
        try {
            page = kernel.allocate(enclave.kind(), enclave.workload(), true, caller);
        } finally {
            enclave.lock().lock();
        }
        try {
            enterable(enclave, address);
        } catch (Refused e) {
            kernel.remove(enclave.kind(), page, enclave.workload());
            throw e;
        }
        return page;
    }

    private static void enter(
            Enclave enclave,
            AddressSpace caller,
            long address,
            MemorySegment content,
            Secinfo secinfo,
            int mrmask,
            int page) {
        Kernel kernel = enclave.kernel();
        EnclavePages pages = enclave.pageTable();
        long number = address >>> Epc.PAGE_SHIFT;
        int index = ~pages.find(number);
        pages.insert(index, number, 0, secinfo.pageType().code());
        if (enclave.isBuildBroken() || !execute(enclave, address, content, secinfo, mrmask, page)) {
            enclave.breakBuild();
            kernel.remove(enclave.kind(), page, enclave.workload());
            return;
        }
        pages.resident(index, page);
        enclave.addChild();
        kernel.pages().markReclaimable(page, enclave, address);
        caller.mappings()
                .at(address)
                .map(DeviceMapping::protection)
                .ifPresent(protection -> caller.map(address, page, protection));
    }

    private static boolean execute(
            Enclave enclave, long address, MemorySegment content, Secinfo secinfo, int mrmask, int page) {
        Kernel kernel = enclave.kernel();
        int secs = enclave.secsPage();
        Processor processor = kernel.processors().acquire();
        try {
            Outcome outcome = processor.eadd(page, secs, address, content, secinfo.memory());
            for (int chunk = 0; outcome.isSuccess() && chunk < Epc.PAGE_SIZE / CHUNK; chunk++) {
                if ((mrmask >>> chunk & 1) != 0) {
                    outcome = processor.eextend(page, secs, chunk * CHUNK);
                }
            }
            return enclave.record(outcome).isSuccess();
        } finally {
            kernel.processors().release(processor);
        }
    }
}
