package jsgx.launch.cache;

/** Why an entry left the cache. */
public enum EvictionCause {
    /** The cache's bound in bytes. */
    SIZE,
    /** The cache's bound in entries. */
    ENTRIES,
    /** Its workload's ceiling. */
    CEILING,
    /** Memory pressure. */
    SHRINK,
    /** It was flushed. */
    FLUSH,
    /** Under another scheme an entry costs more, and not all fitted. */
    SCHEME,
    /** Owner epoch or CPUSVN changed, or EINIT refused it: no enclave launches with it any more. */
    GENERATION
}
