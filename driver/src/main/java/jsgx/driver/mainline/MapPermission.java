package jsgx.driver.mainline;

import jsgx.arch.epc.Epc;
import jsgx.driver.AddressSpace;
import jsgx.driver.FileCause;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Refused;

/** Whether a range may be mapped with a protection (sgx_encl_may_map). Pages that do not exist yet forbid nothing. */
final class MapPermission {

    private MapPermission() {}

    static void check(Enclave enclave, AddressSpace caller, long start, long end, int protection) throws Refused {
        Refused.unless(
                !enclave.isInitialized() || (start >= enclave.base() && end <= enclave.base() + enclave.size()),
                FileCause.MMAP_IN_ELRANGE,
                range(enclave.base(), enclave.base() + enclave.size()),
                range(start, end));
        Refused.unless(
                !caller.readImpliesExec(),
                FileCause.MMAP_NOT_READ_IMPLIES_EXEC,
                "no READ_IMPLIES_EXEC",
                "READ_IMPLIES_EXEC");
        enclave.lock().lock();
        try {
            var pages = enclave.pageTable();
            int first = pages.find(start >>> Epc.PAGE_SHIFT);
            for (int i = first < 0 ? ~first : first; i < pages.size(); i++) {
                if (pages.number(i) >= end >>> Epc.PAGE_SHIFT) {
                    break;
                }
                Refused.unless(
                        (~pages.protection(i) & protection) == 0,
                        FileCause.MMAP_PERMITTED,
                        "at most " + permissions(pages.protection(i)) + " at page 0x"
                                + Long.toHexString(pages.number(i) << Epc.PAGE_SHIFT),
                        permissions(protection));
            }
        } finally {
            enclave.lock().unlock();
        }
    }

    /** r, w and x, or a dash for what is not allowed. */
    static String permissions(int protection) {
        return ((protection & AddressSpace.PROT_READ) != 0 ? "r" : "-")
                + ((protection & AddressSpace.PROT_WRITE) != 0 ? "w" : "-")
                + ((protection & AddressSpace.PROT_EXEC) != 0 ? "x" : "-");
    }

    private static String range(long start, long end) {
        return "0x%x-0x%x".formatted(start, end);
    }
}
