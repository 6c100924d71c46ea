package jsgx.driver.legacy;

import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.PageType;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMapping;
import jsgx.driver.EpcCause;
import jsgx.driver.Errno;
import jsgx.driver.FaultResult;
import jsgx.driver.InterfaceKind;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Reclaimer;
import jsgx.driver.core.Refused;

/**
 * A page fault in a mapping of an older driver. An evicted page is loaded; isgx on SGX2 adds a page that the enclave does not have
 * (EAUG), and answers a write with SIGBUS all the same: the enclave's handler shall accept the page first.
 */
public final class LegacyFault {

    private LegacyFault() {}

    static FaultResult handle(Enclave enclave, DeviceMapping mapping, long address, boolean write) {
        long result;
        enclave.lock().lock();
        try {
            boolean known = enclave.pageTable().find(address >>> Epc.PAGE_SHIFT) >= 0;
            result = known || enclave.kind() == InterfaceKind.V5
                    ? load(enclave, mapping, address)
                    : augment(enclave, mapping, address, write);
        } finally {
            enclave.lock().unlock();
        }
        if (result == Errno.EBUSY.result()) {
            enclave.kernel().reclaimer().helpFault(enclave.workload());
            return FaultResult.NOPAGE;
        }
        return result >= 0 ? FaultResult.NOPAGE : FaultResult.SIGBUS;
    }

    /** Loads a page and shows it; its index, or a negated errno. The enclave's lock is held. */
    private static long load(Enclave enclave, DeviceMapping mapping, long address) {
        long index = loadLive(enclave, address);
        if (index >= 0) {
            mapping.space().map(address, enclave.pageTable().place((int) index), mapping.protection());
        }
        return index;
    }

    private static long loadLive(Enclave enclave, long address) {
        return enclave.isDead() || !enclave.isInitialized()
                ? Errno.EFAULT.result()
                : enclave.paging().load(address);
    }

    /**
     * Loads a page for a call and keeps the reclaimer away from it, as SGX_FAULT_RESERVE does: the lock is held on return.
     *
     * @return its index, with the enclave's lock held; or a negated errno, without it
     */
    @SuppressWarnings("LockNotBeforeTry")
    public static long loadAndLock(Enclave enclave, long address) {
        while (true) {
            enclave.lock().lock();
            long index = loadLive(enclave, address);
            if (index >= 0) {
                return index;
            }
            enclave.lock().unlock();
            if (index != Errno.EBUSY.result()) {
                return index;
            }
            enclave.kernel().reclaimer().helpFault(enclave.workload());
            Reclaimer.waitALittle();
        }
    }

    private static long augment(Enclave enclave, DeviceMapping mapping, long address, boolean write) {
        Kernel kernel = enclave.kernel();
        boolean writable = (mapping.protection() & AddressSpace.PROT_WRITE) != 0;
        if (!kernel.features().sgx2() || !writable || !enclave.isInitialized() || enclave.isDead()) {
            return Errno.EFAULT.result();
        }
        int page = Enclave.NONE;
        int versionArray;
        try {
            page = kernel.allocate(enclave.kind(), enclave.workload(), false, mapping.space());
            versionArray = enclave.grow(false, mapping.space());
        } catch (Refused e) {
            if (page != Enclave.NONE) {
                kernel.remove(enclave.kind(), page, enclave.workload());
            }
            return e.refusal().cause() == EpcCause.FREE_AT_ONCE ? Errno.EBUSY.result() : Errno.EFAULT.result();
        }
        enclave.addVersionArray(versionArray);
        long secs = enclave.paging().loadSecs();
        if (secs < 0 || !eaug(enclave, page, address).isSuccess()) {
            enclave.shrink(Enclave.NONE);
            kernel.remove(enclave.kind(), page, enclave.workload());
            return secs == Errno.EBUSY.result() ? secs : Errno.EFAULT.result();
        }
        EnclavePages pages = enclave.pageTable();
        int index = ~pages.find(address >>> Epc.PAGE_SHIFT);
        pages.insert(index, address >>> Epc.PAGE_SHIFT, 0, PageType.REG.code());
        pages.resident(index, page);
        enclave.addChild();
        kernel.pages().markReclaimable(page, enclave, address);
        mapping.space().map(address, page, mapping.protection());
        return write ? Errno.EFAULT.result() : index;
    }

    private static Outcome eaug(Enclave enclave, int page, long address) {
        Processor processor = enclave.kernel().processors().acquire();
        try {
            return enclave.record(processor.eaug(page, enclave.secsPage(), address));
        } finally {
            enclave.kernel().processors().release(processor);
        }
    }
}
