package jsgx.study.report;

import jsgx.study.run.CellResult;
import jsgx.study.simulation.Measured.Owner;

/** How much longer workloads take because others run too. */
final class Slowdowns {

    private Slowdowns() {}

    static double of(Owner owner) {
        return owner.meanNanos() / owner.aloneMeanNanos();
    }

    /** Whether it has launches, here and alone. */
    static boolean has(Owner owner) {
        return owner.meanNanos() > 0 && owner.aloneMeanNanos() > 0;
    }

    static double worst(CellResult result) {
        double worst = 0;
        for (Owner owner : result.measured().owners()) {
            if (has(owner) && !Owners.attacks(owner)) {
                worst = Math.max(worst, of(owner));
            }
        }
        return worst == 0 ? 1 : worst;
    }

    /** Jain, Chiu and Hawe, DEC-TR-301, 1984: 1 where all are slowed down alike, 1/n where one of n has all speed. */
    static double fairness(CellResult result) {
        double sum = 0;
        double squares = 0;
        int number = 0;
        for (Owner owner : result.measured().owners()) {
            if (has(owner)) {
                double speed = 1 / of(owner);
                sum += speed;
                squares += speed * speed;
                number++;
            }
        }
        return number == 0 ? 1 : sum * sum / (number * squares);
    }
}
