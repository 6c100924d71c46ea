package jsgx.driver;

import java.lang.foreign.MemorySegment;

/** What the kernel asks the driver that made a mapping (vm_operations_struct). */
public interface MappingOperations {

    /** A page of the mapping was accessed that the page tables do not show. */
    FaultResult fault(DeviceMapping mapping, long address, boolean write);

    /**
     * A debugger reads or writes through the mapping (ptrace, /proc/PID/mem).
     *
     * @return how many bytes were moved, or a negated errno
     */
    long access(DeviceMapping mapping, long address, MemorySegment buffer, boolean write);

    /**
     * Part of the mapping is about to get another protection.
     *
     * @return 0, or a negated errno where it may not
     */
    long mprotect(DeviceMapping mapping, long start, long end, int protection);

    /** The mapping was made from another one, which was split or whose process forked. */
    void opened(DeviceMapping mapping);

    /** Whether a process that is forked has the mapping too (no VM_DONTCOPY). */
    default boolean isCopiedByFork() {
        return true;
    }

    /** The mapping is gone. */
    void closed(DeviceMapping mapping);
}
