package jsgx.machine.space;

/** Who must know of changes to the pages of an address space before they happen. */
@FunctionalInterface
public interface PageWatcher {

    /** What the pages between two addresses lead to, or how they are shown, is about to change; nothing of it has yet. Called under the page table's lock. */
    void changing(long start, long end);
}
