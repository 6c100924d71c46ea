package jsgx.machine.sgx;

import java.util.concurrent.ConcurrentSkipListSet;

/** The addresses of one address space at which a CPUID was replaced by UD2. Threads may share it. */
public final class CpuidSites {

    private final ConcurrentSkipListSet<Long> addresses;

    /** No sites: those of a new program. */
    public CpuidSites() {
        addresses = new ConcurrentSkipListSet<>();
    }

    private CpuidSites(ConcurrentSkipListSet<Long> addresses) {
        this.addresses = addresses;
    }

    /** The sites of a copy of the address space, as fork makes it. */
    public CpuidSites copy() {
        return new CpuidSites(new ConcurrentSkipListSet<>(addresses));
    }

    /** Whether a CPUID was replaced at this address. */
    public boolean contains(long address) {
        return addresses.contains(address);
    }

    /** A CPUID was replaced. */
    public void add(long address) {
        addresses.add(address);
    }

    /** What lay between two addresses is no longer mapped there. */
    public void forget(long start, long end) {
        addresses.subSet(start, end).clear();
    }
}
