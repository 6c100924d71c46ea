package jsgx.driver.core;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Pcmd;
import jsgx.arch.struct.SgxError;
import jsgx.driver.EpcCause;
import jsgx.driver.Errno;

/** How pages of one enclave leave the EPC and come back: EBLOCK, ETRACK, EWB, ELDU. */
public final class Paging {

    /** What is stored for a page that is not evicted. */
    static final byte[] NOTHING = {};

    private static final int STORED = Epc.PAGE_SIZE + Pcmd.SIZE;

    private final Enclave enclave;
    private final Kernel kernel;

    Paging(Enclave enclave) {
        this.enclave = enclave;
        this.kernel = enclave.kernel();
    }

    /** Tells whoever wants to load or change a page that it is on its way out. */
    void beginReclaim(long address) {
        enclave.lock().lock();
        try {
            EnclavePages pages = enclave.pageTable();
            pages.set(index(address), EnclavePages.RECLAIMING);
        } finally {
            enclave.lock().unlock();
        }
    }

    /** The page stays. */
    void endReclaim(long address) {
        enclave.lock().lock();
        try {
            EnclavePages pages = enclave.pageTable();
            pages.clear(index(address), EnclavePages.RECLAIMING);
        } finally {
            enclave.lock().unlock();
        }
    }

    /** Whether a page of the enclave is in this EPC page. */
    boolean isAt(long address, int page) {
        enclave.lock().lock();
        try {
            return enclave.pageTable().place(index(address)) == page;
        } finally {
            enclave.lock().unlock();
        }
    }

    /** EBLOCK of a page that no page table shows any more. */
    void block(int page) {
        enclave.lock().lock();
        Processor processor = kernel.processors().acquire();
        try {
            enclave.recordFailure(processor.eblock(page));
        } finally {
            kernel.processors().release(processor);
            enclave.lock().unlock();
        }
    }

    /** EWB of a blocked page, and of the SECS after the last page of an initialised enclave. The EPC pages are then free. */
    void write(int page, long address) {
        enclave.lock().lock();
        try {
            EnclavePages pages = enclave.pageTable();
            byte[] content = new byte[STORED];
            int slot = evict(page, content);
            int index = index(address);
            pages.clear(index, EnclavePages.RECLAIMING);
            enclave.removeChild();
            if (slot >= 0) {
                pages.evicted(index, slot, content);
                kernel.moved(enclave, address, true);
            } else {
                pages.lost(index);
                forceOut(page);
            }
            if (enclave.children() == 0 && enclave.isInitialized()) {
                writeSecs();
            }
        } finally {
            enclave.lock().unlock();
        }
    }

    private void writeSecs() {
        byte[] content = new byte[STORED];
        int slot = evict(enclave.secsPage(), content);
        kernel.remove(enclave.kind(), enclave.secsPage(), enclave.workload());
        enclave.secsEvicted(slot, content);
    }

    /** A page that EWB refused is lost to its enclave; it must not stay valid among the free ones. */
    private void forceOut(int page) {
        Processor processor = kernel.processors().acquire();
        try {
            processor.eremove(page);
        } finally {
            kernel.processors().release(processor);
        }
    }

    /**
     * EWB. The first attempt hopes that somebody's ETRACK covers the page already, the second comes after an ETRACK, the third
     * after every thread was made to leave the enclave.
     *
     * @return the VA slot, negative where it failed
     */
    private int evict(int page, byte[] content) {
        VersionArrays arrays = enclave.versionArrays();
        int slot = arrays.takeSlot();
        Outcome outcome = ewb(page, slot, content);
        if (isNotTracked(outcome)) {
            enclave.recordFailure(track());
            outcome = ewb(page, slot, content);
            if (isNotTracked(outcome)) {
                enclave.evictThreads();
                outcome = ewb(page, slot, content);
            }
        }
        enclave.recordFailure(outcome);
        if (outcome.isSuccess()) {
            return slot;
        }
        arrays.freeSlot(slot);
        return -1;
    }

    private Outcome ewb(int page, int slot, byte[] content) {
        Processor processor = kernel.processors().acquire();
        try {
            return processor.ewb(
                    page,
                    enclave.versionArrays().page(slot),
                    slot % jsgx.arch.struct.VaPage.SLOTS,
                    content(content),
                    pcmd(content));
        } finally {
            kernel.processors().release(processor);
        }
    }

    private Outcome track() {
        Processor processor = kernel.processors().acquire();
        try {
            return processor.etrack(enclave.secsPage());
        } finally {
            kernel.processors().release(processor);
        }
    }

    /**
     * ETRACK, and all threads out of the enclave, so that no processor has an old translation of a page (sgx_enclave_etrack).
     * The enclave's lock is held.
     */
    public Outcome flush() {
        Outcome outcome = track();
        if (!outcome.isSuccess()) {
            enclave.evictThreads();
            outcome = track();
        }
        if (outcome.isSuccess()) {
            enclave.evictThreads();
        }
        return outcome;
    }

    /**
     * Sees to it that a page is in the EPC; the enclave's lock is held.
     *
     * @return its index in the page table, or a negated errno: EBUSY where to try again may help, ENOMEM or EFAULT
     */
    public long load(long address) {
        EnclavePages pages = enclave.pageTable();
        int index = pages.find(address >>> Epc.PAGE_SHIFT);
        if (index < 0 || pages.place(index) == EnclavePages.LOST || enclave.isTornDown()) {
            return Errno.EFAULT.result();
        }
        if (pages.isResident(index)) {
            return pages.has(index, EnclavePages.RECLAIMING) ? Errno.EBUSY.result() : index;
        }
        long secs = loadSecs();
        if (secs < 0) {
            return secs;
        }
        long page = eldu(enclave.secsPage(), address & -Epc.PAGE_SIZE, pages.slot(index), pages.content(index));
        if (page < 0) {
            if (page == Errno.EFAULT.result()) {
                pages.lost(index);
                kernel.stored(enclave.workload(), -1);
            }
            return page;
        }
        pages.resident(index, (int) page);
        enclave.addChild();
        kernel.moved(enclave, address & -Epc.PAGE_SIZE, false);
        kernel.pages().markReclaimable((int) page, enclave, address & -Epc.PAGE_SIZE);
        return index;
    }

    /** Sees to it that the SECS is in the EPC; 0 or a negated errno. The enclave's lock is held. */
    public long loadSecs() {
        if (enclave.isTornDown()) {
            return Errno.EFAULT.result();
        }
        if (enclave.secsPage() >= 0) {
            return 0;
        }
        byte[] content = enclave.secsContent();
        if (content.length == 0) {
            return Errno.EFAULT.result();
        }
        long page = eldu(Processor.NO_SECS, 0, enclave.secsSlot(), content);
        if (page < 0) {
            return page;
        }
        enclave.secsLoaded((int) page);
        return 0;
    }

    private long eldu(int secs, long address, int slot, byte[] content) {
        int page;
        try {
            page = kernel.allocate(enclave.kind(), enclave.workload(), false, enclave.anySpace());
        } catch (Refused e) {
            return e.refusal().cause() == EpcCause.FREE_AT_ONCE ? Errno.EBUSY.result() : Errno.ENOMEM.result();
        }
        VersionArrays arrays = enclave.versionArrays();
        Processor processor = kernel.processors().acquire();
        Outcome outcome;
        try {
            outcome = processor.eldu(
                    page,
                    secs,
                    address,
                    arrays.page(slot),
                    slot % jsgx.arch.struct.VaPage.SLOTS,
                    content(content),
                    pcmd(content));
        } finally {
            kernel.processors().release(processor);
        }
        enclave.recordFailure(outcome);
        if (!outcome.isSuccess()) {
            kernel.remove(enclave.kind(), page, enclave.workload());
            return Errno.EFAULT.result();
        }
        arrays.freeSlot(slot);
        return page;
    }

    private int index(long address) {
        int index = enclave.pageTable().find(address >>> Epc.PAGE_SHIFT);
        if (index < 0) {
            throw new IllegalStateException("page 0x%x was reclaimed and is not in its enclave".formatted(address));
        }
        return index;
    }

    private static boolean isNotTracked(Outcome outcome) {
        return outcome instanceof Outcome.Error error && error.code() == SgxError.NOT_TRACKED;
    }

    private static MemorySegment content(byte[] stored) {
        return MemorySegment.ofArray(stored).asSlice(0, Epc.PAGE_SIZE);
    }

    private static MemorySegment pcmd(byte[] stored) {
        return MemorySegment.ofArray(stored).asSlice(Epc.PAGE_SIZE, Pcmd.SIZE);
    }
}
