package jsgx.arch.leaf;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.function.IntSupplier;
import jsgx.arch.Encls;
import jsgx.arch.Enclu;
import jsgx.arch.Leaf;
import jsgx.arch.Outcome;
import jsgx.arch.TestMachine;
import jsgx.arch.epc.Epcm;

/** A call of a leaf on a machine of its own: it succeeds until a test breaks one of its conditions. */
class LeafCall {

    /** A lock of the EPCM that another leaf has while this one runs. */
    private record Held(IntSupplier page, IntPredicate take, IntConsumer release) {}

    final TestMachine machine;
    final Leaf leaf;
    long rbx;
    long rcx;
    long rdx;

    private final List<Held> held = new ArrayList<>();

    LeafCall(TestMachine machine, Leaf leaf) {
        this.machine = machine;
        this.leaf = leaf;
    }

    final Epcm epcm() {
        return machine.cpu.epcm();
    }

    /** The EPC page at a linear address, aligned or not; the other one where there is none. */
    final int pageAt(long linear, int other) {
        int page = machine.memory.epcPage(linear);
        return page < 0 ? other : page;
    }

    /** While the leaf runs, another has the page for itself. */
    final void holdExclusive(IntSupplier page) {
        held.add(new Held(page, epcm()::tryExclusive, epcm()::releaseExclusive));
    }

    /** While the leaf runs, another shares the page. */
    final void holdShared(IntSupplier page) {
        held.add(new Held(page, epcm()::tryShared, epcm()::releaseShared));
    }

    /** While the leaf runs, another of SGX2 has the page. */
    final void holdSgx2(IntSupplier page) {
        held.add(new Held(page, epcm()::trySgx2, epcm()::releaseSgx2));
    }

    /** While the leaf runs, another updates the measurement of the SECS. */
    final void holdMeasuring(IntSupplier secs) {
        held.add(new Held(secs, epcm()::tryMeasuring, epcm()::releaseMeasuring));
    }

    /** While the leaf runs, another has the tracking facility of the SECS. */
    final void holdTracking(IntSupplier secs) {
        held.add(new Held(secs, epcm()::tryTracking, epcm()::releaseTracking));
    }

    /** What a leaf that does not succeed leaves as it was, comparable with equals. */
    Object state() {
        List<Object> entries = new ArrayList<>();
        for (int page = 0; page < machine.cpu.epc().pages(); page++) {
            entries.add(List.of(epcm().flags(page), epcm().enclaveAddress(page), epcm().enclaveSecs(page)));
        }
        return entries;
    }

    /** The leaf as software executes it. */
    Outcome execute() {
        return switch (leaf.instruction()) {
            case ENCLS -> Encls.execute(machine.lp, leaf, rbx, rcx, rdx);
            case ENCLU -> Enclu.execute(machine.lp, leaf, rbx, rcx, rdx);
        };
    }

    /** Executes the leaf between taking and releasing what other leaves hold. */
    final Outcome run() {
        List<Runnable> releases = new ArrayList<>();
        try {
            for (Held lock : held) {
                int page = lock.page().getAsInt();
                if (!lock.take().test(page)) {
                    throw new IllegalStateException("page " + page + " is locked already");
                }
                releases.add(() -> lock.release().accept(page));
            }
            return execute();
        } finally {
            releases.forEach(Runnable::run);
        }
    }
}
