package jsgx.driver;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A range of an address space that shows a device (a vm_area_struct). */
public final class DeviceMapping {

    private final AddressSpace space;
    private final long start;
    private final long end;
    private final long offset;
    private final int protection;
    private final MappingOperations operations;
    private volatile @Nullable EnclaveInfo enclave;

    /**
     * A mapping that is not in its address space yet.
     *
     * @param start its first address
     * @param end the address after its last
     * @param offset the offset of its first page in the file, in bytes
     * @param protection PROT_ bits
     */
    public DeviceMapping(
            AddressSpace space, long start, long end, long offset, int protection, MappingOperations operations) {
        this.space = space;
        this.start = start;
        this.end = end;
        this.offset = offset;
        this.protection = protection;
        this.operations = operations;
    }

    public AddressSpace space() {
        return space;
    }

    public long start() {
        return start;
    }

    public long end() {
        return end;
    }

    public long offset() {
        return offset;
    }

    public int protection() {
        return protection;
    }

    public MappingOperations operations() {
        return operations;
    }

    /** The enclave that the mapping shows; empty where there is none yet. */
    public Optional<EnclaveInfo> enclave() {
        return Optional.ofNullable(enclave);
    }

    /** Whether the mapping shows this very enclave. */
    @SuppressWarnings("ReferenceEquality")
    public boolean shows(EnclaveInfo other) {
        return enclave == other;
    }

    /** Attaches an enclave (vm_private_data); only drivers do that. */
    public void enclave(@Nullable EnclaveInfo shown) {
        enclave = shown;
    }

    /** The page at this address was accessed and the page tables do not show it. */
    public FaultResult fault(long address, boolean write) {
        return operations.fault(this, address, write);
    }

    /** Reads or writes as a debugger does; the count of bytes moved, or a negated errno. */
    public long access(long address, MemorySegment buffer, boolean write) {
        return operations.access(this, address, buffer, write);
    }

    /** The same mapping between other addresses of its range, or with another protection. */
    DeviceMapping part(long from, long to, int protection) {
        DeviceMapping part = new DeviceMapping(space, from, to, offset + from - start, protection, operations);
        part.enclave = enclave;
        return part;
    }

    @Override
    public String toString() {
        return "0x%x-0x%x".formatted(start, end);
    }
}
