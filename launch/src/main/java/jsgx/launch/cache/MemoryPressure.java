package jsgx.launch.cache;

/** How short memory is, in the three levels of the kernel's own notification (memory.pressure_level of the memory controller). */
public enum MemoryPressure {
    /** Memory is being reclaimed: a quarter of the cache goes. */
    LOW(3, 4),
    /** Memory is being swapped: half of it goes. */
    MEDIUM(1, 2),
    /** The machine is about to kill for memory: all of it goes. */
    CRITICAL(0, 1);

    private final int keep;
    private final int of;

    MemoryPressure(int keep, int of) {
        this.keep = keep;
        this.of = of;
    }

    /** What may stay of so many bytes. */
    long keep(long bytes) {
        return bytes / of * keep;
    }
}
