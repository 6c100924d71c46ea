package jsgx.machine.space;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import jsgx.arch.epc.Epc;

/**
 * Which enclaves of an address space have a thread inside, where their pages are shown to nobody else; and the pages that show the program all ones
 * instead, as a processor does. The page table's lock guards it.
 */
final class Concealment {

    /** An enclave with so many threads inside. */
    private static final class Occupied {
        final long start;
        final long end;
        int threads;

        Occupied(long start, long end) {
            this.start = start;
            this.end = end;
        }
    }

    private final List<Occupied> occupied = new ArrayList<>();
    private final Set<Long> ones = new HashSet<>();

    /** Whether a page may be shown: a thread is inside its enclave. */
    boolean permits(long page) {
        for (Occupied enclave : occupied) {
            if (page >= enclave.start && page < enclave.end) {
                return true;
            }
        }
        return false;
    }

    /** A thread is inside an enclave; whether it is the first. */
    boolean enter(long base, long size) {
        for (Occupied enclave : occupied) {
            if (enclave.start == base >>> Epc.PAGE_SHIFT) {
                enclave.threads++;
                return false;
            }
        }
        Occupied enclave = new Occupied(base >>> Epc.PAGE_SHIFT, (base + size) >>> Epc.PAGE_SHIFT);
        enclave.threads = 1;
        occupied.add(enclave);
        return true;
    }

    /** A thread has left an enclave; whether it was the last. */
    boolean leave(long base) {
        for (Occupied enclave : occupied) {
            if (enclave.start == base >>> Epc.PAGE_SHIFT) {
                enclave.threads--;
                return enclave.threads == 0 && occupied.remove(enclave);
            }
        }
        return false;
    }

    /** A page shows all ones. */
    void ones(long page) {
        ones.add(page);
    }

    /** Something else is at a page. */
    void replaced(long page) {
        ones.remove(page);
    }

    /** The pages between two that show all ones, lowest first; they do no more. */
    List<Long> takeOnes(long start, long end) {
        List<Long> taken = ones.stream()
                .filter(page -> page >= start && page < end)
                .sorted()
                .toList();
        taken.forEach(ones::remove);
        return taken;
    }
}
