package jsgx.driver.core;

import jsgx.arch.epc.Epc;
import jsgx.driver.InterfaceKind;

/**
 * Takes an enclave down whose file and mappings are still there: no page table shows it any more, no thread is in it, and its
 * EPC pages are free. What stays is as after a power loss.
 */
final class Teardown {

    /** Much longer than the reclaimer has a page, or a leaf function on another processor. */
    private static final int ATTEMPTS = 1000;

    private Teardown() {}

    /** A page that cannot be removed in the end goes when the enclave is released, as far as EREMOVE lets it then. */
    static void run(Enclave enclave) {
        enclave.markTornDown();
        for (int attempt = 0; attempt < ATTEMPTS && !isDone(enclave); attempt++) {
            Reclaimer.waitALittle();
        }
    }

    /** Frees what can be freed now; false where the reclaimer has a page, or a leaf function works on one. */
    private static boolean isDone(Enclave enclave) {
        enclave.lock().lock();
        try {
            zap(enclave);
            enclave.evictThreads();
            return freePages(enclave) && freeSecs(enclave) && freeVersionArrays(enclave);
        } finally {
            enclave.lock().unlock();
        }
    }

    private static void zap(Enclave enclave) {
        EnclavePages pages = enclave.pageTable();
        for (int i = 0; i < pages.size(); i++) {
            enclave.zap(pages.number(i) << Epc.PAGE_SHIFT);
        }
    }

    private static boolean freePages(Enclave enclave) {
        Kernel kernel = enclave.kernel();
        EnclavePages pages = enclave.pageTable();
        boolean all = true;
        for (int i = 0; i < pages.size(); i++) {
            if (pages.isEvicted(i)) {
                pages.lost(i);
                kernel.stored(enclave.workload(), -1);
            } else if (!pages.isResident(i)) {
                pages.lost(i);
            } else if (kernel.pages().unmarkReclaimable(pages.place(i)) && remove(enclave, pages.place(i))) {
                pages.lost(i);
                enclave.removeChild();
            } else {
                all = false;
            }
        }
        return all;
    }

    private static boolean freeSecs(Enclave enclave) {
        boolean free = enclave.secsPage() == Enclave.NONE || remove(enclave, enclave.secsPage());
        if (free) {
            enclave.secsLoaded(Enclave.NONE);
        }
        return free;
    }

    private static boolean freeVersionArrays(Enclave enclave) {
        VersionArrays arrays = enclave.versionArrays();
        while (arrays.count() > 0) {
            enclave.kernel().removeVersionArray(enclave.kind(), arrays.removeLast(), enclave.workload());
        }
        return true;
    }

    /** EREMOVE, which every interface here repeats rather than give a page back that is still valid. */
    private static boolean remove(Enclave enclave, int page) {
        return enclave.kernel().remove(InterfaceKind.MAINLINE, page, enclave.workload());
    }
}
