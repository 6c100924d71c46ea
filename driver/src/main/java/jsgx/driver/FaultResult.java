package jsgx.driver;

/** How a driver answered a page fault in one of its mappings. */
public enum FaultResult {
    /** VM_FAULT_NOPAGE: the page is mapped, or the driver was busy; the access is tried again. */
    NOPAGE,
    /** VM_FAULT_SIGBUS: there is no such page, or it cannot be had. */
    SIGBUS,
    /** VM_FAULT_OOM: no memory to describe the page. */
    OOM
}
