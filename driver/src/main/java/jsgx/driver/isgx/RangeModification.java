package jsgx.driver.isgx;

import java.util.ArrayList;
import java.util.List;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Reclaimer;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.EnclaveLookup;
import jsgx.driver.legacy.LegacyFault;
import jsgx.driver.legacy.LegacyFile;

/** EMODPR or EMODT of a range of pages, 16 at a time: they are taken from the reclaimer, modified, tracked together, and given back. */
final class RangeModification {

    /** Why it fails in the driver itself, in the order of the checks. */
    enum Cause implements Refusal.Cause {
        SGX2(Errno.ENOSYS, "the processor has SGX2"),
        START_ALIGNED(Errno.EINVAL, "startAddr is a multiple of 4096"),
        PAGES(Errno.EINVAL, "nrPages is not 0"),
        IN_ENCLAVE(Errno.EINVAL, "the range lies in the enclave"),
        PAGE_LOADED(Errno.EFAULT, "each page exists and can be loaded"),
        PAGE_MEMORY(Errno.ENOMEM, "there is an EPC page for each evicted page"),
        PAGE_NOT_TCS(Errno.EINVAL, "a page that loses permissions is not a TCS"),
        LEAF_FAULT(Errno.EFAULT, "EMODPR or EMODT raises no fault");

        private final Errno errno;
        private final String rule;

        Cause(Errno errno, String rule) {
            this.errno = errno;
            this.rule = rule;
        }

        @Override
        public long result() {
            return errno.result();
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    /** SGX_NR_MOD_CHUNK_PAGES. */
    private static final int CHUNK = 16;

    /** SGX_EDMM_SPIN_COUNT. */
    private static final int SPIN_COUNT = 20;

    private final LegacyFile file;
    private final AddressSpace caller;
    private final long flags;
    private final boolean type;

    /**
     * A modification.
     *
     * @param flags SECINFO.FLAGS
     * @param type whether the type changes (EMODT) rather than the permissions (EMODPR)
     */
    RangeModification(LegacyFile file, AddressSpace caller, long flags, boolean type) {
        this.file = file;
        this.caller = caller;
        this.flags = flags;
        this.type = type;
    }

    /** Modifies the range; 0, or the error code of a leaf. */
    long run(long start, int nrPages) throws Refused {
        long pages = Integer.toUnsignedLong(nrPages);
        Refused.unless(file.kernel().features().sgx2(), Cause.SGX2, "SGX2", "SGX1");
        Refused.unless(start % Epc.PAGE_SIZE == 0, Cause.START_ALIGNED, "a multiple of 4096", start);
        Refused.unless(pages != 0, Cause.PAGES, "at least 1", 0);
        Enclave enclave = EnclaveLookup.find(file, caller, start);
        try {
            long end = start + pages * Epc.PAGE_SIZE;
            Refused.unless(
                    end <= enclave.base() + enclave.size(),
                    Cause.IN_ENCLAVE,
                    "an end of at most 0x" + Long.toHexString(enclave.base() + enclave.size()),
                    end);
            long result = 0;
            for (long from = start; from < end && result == 0; from += CHUNK * Epc.PAGE_SIZE) {
                result = chunk(enclave, from, Math.min(end, from + CHUNK * Epc.PAGE_SIZE));
            }
            return result;
        } finally {
            enclave.drop();
        }
    }

    private long chunk(Enclave enclave, long from, long to) throws Refused {
        List<Long> isolated = new ArrayList<>();
        try {
            for (long address = from; address < to; address += Epc.PAGE_SIZE) {
                isolate(enclave, address);
                isolated.add(address);
            }
            return modify(enclave, isolated);
        } finally {
            giveBack(enclave, isolated);
        }
    }

    /**
     * Sees to it that a page is in the EPC and stays there. An enclave of which a part is not mapped any more is dead, and none of its
     * pages can be loaded.
     */
    private void isolate(Enclave enclave, long address) throws Refused {
        while (true) {
            long index = LegacyFault.loadAndLock(enclave, address);
            Refused.unless(index != Errno.ENOMEM.result(), Cause.PAGE_MEMORY, "an EPC page", address);
            Refused.unless(index >= 0, Cause.PAGE_LOADED, "a page that can be loaded", address);
            try {
                if (enclave.kernel()
                        .pages()
                        .unmarkReclaimable(enclave.pageTable().place((int) index))) {
                    return;
                }
            } finally {
                enclave.lock().unlock();
            }
            Reclaimer.waitALittle();
        }
    }

    private static void giveBack(Enclave enclave, List<Long> isolated) {
        enclave.lock().lock();
        try {
            for (long address : isolated) {
                int index = enclave.pageTable().find(address >>> Epc.PAGE_SHIFT);
                // The enclave may have been torn down.
                if (enclave.pageTable().isResident(index)) {
                    enclave.kernel().pages().markReclaimable(enclave.pageTable().place(index), enclave, address);
                }
            }
        } finally {
            enclave.lock().unlock();
        }
    }

    private long modify(Enclave enclave, List<Long> isolated) throws Refused {
        Refused failure = null;
        long code = 0;
        enclave.lock().lock();
        try {
            for (long address : isolated) {
                try {
                    long status = modify(enclave, address);
                    // The first failure decides, but a TCS always has the last word.
                    code = code == 0 && failure == null ? status : code;
                } catch (Refused e) {
                    boolean first = code == 0 && failure == null;
                    if (first || e.refusal().cause() == Cause.PAGE_NOT_TCS) {
                        failure = e;
                    }
                }
            }
            Outcome tracked = enclave.paging().flush();
            if (!tracked.isSuccess()) {
                enclave.record(tracked);
                enclave.markDead();
            }
        } finally {
            enclave.lock().unlock();
        }
        if (failure != null) {
            throw failure;
        }
        return code;
    }

    private long modify(Enclave enclave, long address) throws Refused {
        EnclavePages pages = enclave.pageTable();
        int index = pages.find(address >>> Epc.PAGE_SHIFT);
        boolean tcs = pages.type(index) == PageType.TCS.code();
        Refused.unless(type || !tcs, Cause.PAGE_NOT_TCS, "no TCS", address);
        Outcome outcome = enclave.record(execute(pages.place(index)));
        if (outcome instanceof Outcome.Faulted faulted) {
            throw new Refused(Cause.LEAF_FAULT, "no fault", faulted.fault().toString());
        }
        if (outcome instanceof Outcome.Error error) {
            return error.code().code();
        }
        if (type) {
            // The driver takes a trimmed page for a TCS from now on, too.
            pages.type(index, PageType.TCS.code());
            if (flags == (long) PageType.TRIM.code() << 8) {
                pages.set(index, EnclavePages.TRIMMED);
            }
        }
        return 0;
    }

    private Outcome execute(int page) {
        Processor processor = file.kernel().processors().acquire();
        try {
            Outcome outcome = leaf(processor, page);
            for (int spun = 1; isConflict(outcome) && spun < SPIN_COUNT; spun++) {
                outcome = leaf(processor, page);
            }
            return outcome;
        } finally {
            file.kernel().processors().release(processor);
        }
    }

    private Outcome leaf(Processor processor, int page) {
        return type ? processor.emodt(page, flags) : processor.emodpr(page, flags);
    }

    private static boolean isConflict(Outcome outcome) {
        return outcome instanceof Outcome.Error error && error.code() == SgxError.EPC_PAGE_CONFLICT;
    }
}
