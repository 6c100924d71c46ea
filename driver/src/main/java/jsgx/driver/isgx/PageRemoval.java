package jsgx.driver.isgx;

import java.util.Optional;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMapping;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Reclaimer;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.EnclaveLookup;
import jsgx.driver.legacy.LegacyFault;
import jsgx.driver.legacy.LegacyFile;

/** Removes one page of an initialised enclave for {@link NotifyAccept} and {@link PageRemove}. */
final class PageRemoval {

    /** Why it fails in the driver itself, in the order of the checks. */
    enum Cause implements Refusal.Cause {
        SGX2(Errno.ENOSYS, "the processor has SGX2"),
        ENCLAVE(Errno.EINVAL, "the address lies in a mapping that has an enclave, and power was not lost"),
        PAGE_MAPPED(Errno.EINVAL, "the page lies in a mapping of the enclave"),
        PAGE_LOADED(Errno.EINVAL, "the page exists and can be loaded"),
        PAGE_TRIMMED(Errno.EINVAL, "the page is trimmed");

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

    private PageRemoval() {}

    static void requireSgx2(LegacyFile file) throws Refused {
        Refused.unless(file.kernel().features().sgx2(), Cause.SGX2, "SGX2", "SGX1");
    }

    static void remove(LegacyFile file, AddressSpace caller, Enclave enclave, long address, boolean trimmedOnly)
            throws Refused {
        Optional<DeviceMapping> mapping = EnclaveLookup.mapping(file, caller, address);
        Refused.unless(
                mapping.isPresent() && mapping.get().shows(enclave), Cause.PAGE_MAPPED, "a page in a mapping", address);
        while (!tryRemove(enclave, address, trimmedOnly)) {
            Reclaimer.waitALittle();
        }
    }

    /** Removes the page; false where the reclaimer has it just now. */
    private static boolean tryRemove(Enclave enclave, long address, boolean trimmedOnly) throws Refused {
        Kernel kernel = enclave.kernel();
        long index = LegacyFault.loadAndLock(enclave, address);
        Refused.unless(index >= 0, Cause.PAGE_LOADED, "a page that can be loaded", address);
        try {
            EnclavePages pages = enclave.pageTable();
            Refused.unless(
                    !trimmedOnly || pages.has((int) index, EnclavePages.TRIMMED),
                    Cause.PAGE_TRIMMED,
                    "a trimmed page",
                    address);
            int page = pages.place((int) index);
            if (!kernel.pages().unmarkReclaimable(page)) {
                return false;
            }
            pages.remove((int) index);
            enclave.zap(address);
            kernel.remove(enclave.kind(), page, enclave.workload());
            enclave.removeChild();
            enclave.shrink(Enclave.NONE);
            enclave.dropEmptyVersionArray();
            return true;
        } finally {
            enclave.lock().unlock();
        }
    }
}
