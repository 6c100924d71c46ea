package jsgx.driver.legacy;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Secs;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMapping;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;

/** How the older drivers make an enclave. */
public final class EnclaveCreation {

    /** Why it fails besides {@link SecsCheck}, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        /** The result is the number of bytes that were not read: these drivers return what copy_from_user does. */
        SECS_READABLE(Secs.SIZE, "the 4096 bytes at src can be read"),
        ECREATE(Errno.EFAULT.result(), "ECREATE succeeds"),
        MAPPING(Errno.EINVAL.result(), "a mapping of the device lies at SECS.BASEADDR"),
        MAPPING_FREE(Errno.EINVAL.result(), "the mapping has no enclave yet"),
        MAPPING_RANGE(Errno.EINVAL.result(), "the mapping is exactly the enclave's range"),
        /** v5 only. */
        MAPPING_OFFSET(Errno.EINVAL.result(), "the mapping begins at offset 0 of the file");

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

    private EnclaveCreation() {}

    /** Makes an enclave in the mapping at its base address. */
    public static long run(LegacyFile file, AddressSpace caller, long src) throws Refused {
        Secs secs = new Secs(PartialCopy.read(caller, src, Secs.SIZE, Cause.SECS_READABLE));
        Kernel kernel = file.kernel();
        SecsCheck.check(secs, kernel.features(), file.kind(), caller);

        Enclave enclave = new Enclave(kernel, file.kind(), file.workload());
        enclave.addSpace(caller);
        boolean attached = false;
        try {
            create(file, caller, enclave, secs);
            attach(file, caller, enclave);
            attached = true;
        } finally {
            if (!attached) {
                enclave.drop();
            }
        }
        return 0;
    }

    private static void create(LegacyFile file, AddressSpace caller, Enclave enclave, Secs secs) throws Refused {
        Kernel kernel = file.kernel();
        InterfaceKind kind = file.kind();
        int page = kernel.allocate(kind, file.workload(), true, caller);
        int versionArray;
        try {
            versionArray = enclave.grow(true, caller);
        } catch (Refused e) {
            kernel.remove(kind, page, file.workload());
            throw e;
        }
        Outcome outcome = enclave.record(ecreate(kernel, page, secs.memory()));
        if (!outcome.isSuccess()) {
            kernel.remove(kind, page, file.workload());
            enclave.shrink(versionArray);
            file.creationFailed(outcome);
            throw new Refused(Cause.ECREATE, "a SECS that ECREATE takes", outcome.toString());
        }
        enclave.created(secs, page, versionArray);
    }

    private static void attach(LegacyFile file, AddressSpace caller, Enclave enclave) throws Refused {
        Optional<DeviceMapping> found = EnclaveLookup.mapping(file, caller, enclave.base());
        Refused.unless(found.isPresent(), Cause.MAPPING, "a mapping", enclave.base());
        DeviceMapping mapping = found.get();
        Refused.unless(mapping.enclave().isEmpty(), Cause.MAPPING_FREE, "a mapping without an enclave", "an enclave");
        Refused.unless(
                mapping.start() == enclave.base() && mapping.end() == enclave.base() + enclave.size(),
                Cause.MAPPING_RANGE,
                "0x%x-0x%x".formatted(enclave.base(), enclave.base() + enclave.size()),
                mapping.toString());
        Refused.unless(
                file.kind() != InterfaceKind.V5 || mapping.offset() == 0, Cause.MAPPING_OFFSET, "0", mapping.offset());
        mapping.enclave(enclave);
    }

    private static Outcome ecreate(Kernel kernel, int page, MemorySegment secs) {
        Processor processor = kernel.processors().acquire();
        try {
            return processor.ecreate(page, secs);
        } finally {
            kernel.processors().release(processor);
        }
    }
}
