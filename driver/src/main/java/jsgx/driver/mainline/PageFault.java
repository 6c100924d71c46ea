package jsgx.driver.mainline;

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
import jsgx.driver.core.Refused;

/**
 * A page fault in a mapping of an enclave: a page that is evicted is loaded, and on SGX2 a page that an initialised enclave does not
 * have is added (EAUG).
 */
final class PageFault {

    private static final int ALL = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE | AddressSpace.PROT_EXEC;

    private PageFault() {}

    static FaultResult handle(Enclave enclave, DeviceMapping mapping, long address) {
        FaultResult result;
        long page = address & -Epc.PAGE_SIZE;
        Kernel kernel = enclave.kernel();
        boolean busy;
        enclave.lock().lock();
        try {
            boolean known = enclave.pageTable().find(page >>> Epc.PAGE_SHIFT) >= 0;
            long loaded =
                    known || !kernel.features().sgx2() ? load(enclave, mapping, page) : augment(enclave, mapping, page);
            busy = loaded == Errno.EBUSY.result();
            result = loaded >= 0 || busy ? FaultResult.NOPAGE : FaultResult.SIGBUS;
        } finally {
            enclave.lock().unlock();
        }
        if (busy) {
            kernel.reclaimer().helpFault(enclave.workload());
        }
        return result;
    }

    private static long load(Enclave enclave, DeviceMapping mapping, long address) {
        long index = loadInMapping(enclave, mapping, address);
        if (index >= 0) {
            insert(mapping, address, enclave.pageTable().place((int) index));
        }
        return index;
    }

    /** Loads a page that was added with at least the permissions of the mapping (sgx_encl_load_page_in_vma). */
    static long loadInMapping(Enclave enclave, DeviceMapping mapping, long address) {
        EnclavePages pages = enclave.pageTable();
        int index = pages.find(address >>> Epc.PAGE_SHIFT);
        if (index < 0 || (~pages.protection(index) & mapping.protection()) != 0) {
            return Errno.EFAULT.result();
        }
        return enclave.paging().load(address);
    }

    private static void insert(DeviceMapping mapping, long address, int epcPage) {
        mapping.space().map(address, epcPage, mapping.protection());
    }

    /**
     * EAUG (sgx_encl_eaug_page). The permissions that the mapping asks for are not checked: the enclave decides what it accepts.
     *
     * @return 0, or a negated errno, EBUSY where to try again may help
     */
    private static long augment(Enclave enclave, DeviceMapping mapping, long address) {
        if (!enclave.isInitialized()) {
            return Errno.EFAULT.result();
        }
        long secs = enclave.paging().loadSecs();
        if (secs < 0) {
            return secs;
        }
        Kernel kernel = enclave.kernel();
        int page = Enclave.NONE;
        int versionArray;
        try {
            page = kernel.allocate(InterfaceKind.MAINLINE, enclave.workload(), false, mapping.space());
            versionArray = enclave.grow(false, mapping.space());
        } catch (Refused e) {
            if (page != Enclave.NONE) {
                kernel.remove(InterfaceKind.MAINLINE, page, enclave.workload());
            }
            return e.refusal().cause() == EpcCause.FREE_AT_ONCE ? Errno.EBUSY.result() : Errno.EFAULT.result();
        }
        Outcome outcome = eaug(enclave, page, address);
        if (!outcome.isSuccess()) {
            enclave.shrink(versionArray);
            kernel.remove(InterfaceKind.MAINLINE, page, enclave.workload());
            return Errno.EFAULT.result();
        }
        enclave.addVersionArray(versionArray);
        EnclavePages pages = enclave.pageTable();
        int index = ~pages.find(address >>> Epc.PAGE_SHIFT);
        pages.insert(index, address >>> Epc.PAGE_SHIFT, ALL, PageType.REG.code());
        pages.resident(index, page);
        enclave.addChild();
        kernel.pages().markReclaimable(page, enclave, address);
        insert(mapping, address, page);
        return 0;
    }

    private static Outcome eaug(Enclave enclave, int page, long address) {
        Kernel kernel = enclave.kernel();
        Processor processor = kernel.processors().acquire();
        try {
            return enclave.record(processor.eaug(page, enclave.secsPage(), address));
        } finally {
            kernel.processors().release(processor);
        }
    }
}
