package jsgx.study.report;

import jsgx.launch.governor.Placement;
import jsgx.study.run.CellResult;
import jsgx.study.simulation.Measured.Kind;
import jsgx.study.simulation.Measured.Owner;

/** Whose memory and launches they are. */
final class Owners {

    private Owners() {}

    static boolean kernel(Owner owner) {
        return owner.kind() == Kind.KERNEL;
    }

    /** Whether a workload is there to harm the others. */
    static boolean attacks(Owner owner) {
        return owner.kind() == Kind.ATTACKER;
    }

    static boolean attacked(CellResult result) {
        return result.measured().owners().stream().anyMatch(Owners::attacks);
    }

    static double kernelBytes(CellResult result) {
        return bytes(result, true);
    }

    /** A workload is charged for what kernels keep for it, too: where only kernels keep, theirs is the sum at one time. */
    static double heldBytes(CellResult result) {
        return bytes(result, result.cell().design().placement() == Placement.KERNEL);
    }

    private static double bytes(CellResult result, boolean kernels) {
        return result.measured().owners().stream()
                .filter(owner -> kernel(owner) == kernels)
                .mapToLong(Owner::peakBytes)
                .sum();
    }
}
