package jsgx.driver.mainline;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.AddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import jsgx.driver.mainline.AddPages.Cause;
import org.jspecify.annotations.Nullable;

/** Adds one page for {@link AddPages}. */
final class PageAdder {

    private static final int CHUNK = 256;

    private PageAdder() {}

    static void add(Enclave enclave, AddressSpace caller, long source, long offset, Secinfo secinfo, boolean measure)
            throws Refused {
        Kernel kernel = enclave.kernel();
        int page = kernel.allocate(InterfaceKind.MAINLINE, enclave.workload(), true, caller);
        int versionArray = Enclave.NONE;
        boolean grown = false;
        boolean added = false;
        try {
            versionArray = enclave.grow(true, caller);
            grown = true;
            enclave.lock().lock();
            try {
                insert(enclave, caller, source, offset, secinfo, measure, page);
                enclave.addVersionArray(versionArray);
                kernel.pages().markReclaimable(page, enclave, enclave.base() + offset);
                added = true;
            } finally {
                enclave.lock().unlock();
            }
        } finally {
            if (!added) {
                if (grown) {
                    enclave.shrink(versionArray);
                }
                kernel.remove(InterfaceKind.MAINLINE, page, enclave.workload());
            }
        }
    }

    private static void insert(
            Enclave enclave, AddressSpace caller, long source, long offset, Secinfo secinfo, boolean measure, int page)
            throws Refused {
        EnclavePages pages = enclave.pageTable();
        long address = enclave.base() + offset;
        long number = address >>> Epc.PAGE_SHIFT;
        int index = pages.find(number);
        Refused.unless(index < 0, Cause.PAGE_FREE, "no page yet", address);
        MemorySegment content = content(caller, source);
        PageType type = secinfo.pageType();
        execute(enclave, address, content, secinfo, measure, page);
        pages.insert(~index, number, protection(secinfo, type), type.code());
        pages.resident(~index, page);
        enclave.addChild();
    }

    private static MemorySegment content(AddressSpace caller, long source) throws Refused {
        AddressSpace.Source what = caller.source(source);
        Refused.unless(what != AddressSpace.Source.UNMAPPED, Cause.SRC_MAPPED, "a mapping", source);
        Refused.unless(what != AddressSpace.Source.NOEXEC, Cause.SRC_MAY_EXEC, "memory that may be executable", source);
        Optional<MemorySegment> content = caller.readPage(source);
        Refused.unless(content.isPresent(), Cause.SRC_READABLE, "4096 readable bytes", source);
        return content.get();
    }

    private static void execute(
            Enclave enclave, long address, MemorySegment content, Secinfo secinfo, boolean measure, int page)
            throws Refused {
        Kernel kernel = enclave.kernel();
        int secs = enclave.secsPage();
        Cause failed = Cause.EADD;
        @Nullable Outcome failure = null;
        Processor processor = kernel.processors().acquire();
        try {
            Outcome outcome = processor.eadd(page, secs, address, content, secinfo.memory());
            for (int chunk = 0; measure && outcome.isSuccess() && chunk < Epc.PAGE_SIZE; chunk += CHUNK) {
                failed = Cause.EEXTEND;
                outcome = processor.eextend(page, secs, chunk);
            }
            enclave.record(outcome);
            failure = outcome.isSuccess() ? null : outcome;
        } finally {
            kernel.processors().release(processor);
        }
        if (failure != null) {
            throw new Refused(failed, "no fault", failure.toString());
        }
    }

    /** What mappings of the page may allow at most. The processor zeroes a TCS page's permissions; software must write it. */
    private static int protection(Secinfo secinfo, PageType type) {
        return (secinfo.r() ? AddressSpace.PROT_READ : 0)
                | (secinfo.w() ? AddressSpace.PROT_WRITE : 0)
                | (secinfo.x() ? AddressSpace.PROT_EXEC : 0)
                | (type == PageType.TCS ? AddressSpace.PROT_READ | AddressSpace.PROT_WRITE : 0);
    }
}
