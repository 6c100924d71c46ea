package jsgx.study.report;

import java.util.List;

/**
 * What the comparisons of two designs come to over all workloads and limits.
 *
 * @param first whether the first's figure is less at some limit of some workload
 * @param second whether the second's is
 * @param firstMostly whether the first's is less at most limits of some workload, and at none of it more
 * @param secondMostly likewise for the second
 * @param byLimit whether each workload in which one is less has limits at which the other is
 * @param undecided in how many workloads no limit decides, as seeds are too few
 */
record Sides(
        boolean first, boolean second, boolean firstMostly, boolean secondMostly, boolean byLimit, long undecided) {

    static Sides of(List<LimitVerdicts> workloads) {
        return new Sides(
                workloads.stream().anyMatch(one -> one.any(Verdict.LESS)),
                workloads.stream().anyMatch(one -> one.any(Verdict.MORE)),
                workloads.stream().anyMatch(one -> one.most(Verdict.LESS) && !one.any(Verdict.MORE)),
                workloads.stream().anyMatch(one -> one.most(Verdict.MORE) && !one.any(Verdict.LESS)),
                workloads.stream().allMatch(one -> one.any(Verdict.LESS) == one.any(Verdict.MORE)),
                workloads.stream().filter(LimitVerdicts::undecided).count());
    }

    /** Whether neither is less anywhere. */
    boolean nothing() {
        return !first && !second;
    }

    /** In a few words. */
    String verdict(String firstWord, String secondWord) {
        if (first && second) {
            return byLimit ? "depends on the limit" : "depends on the workload";
        }
        if (first) {
            return firstWord + (firstMostly ? "" : " at few limits");
        }
        if (second) {
            return secondWord + (secondMostly ? "" : " at few limits");
        }
        return undecided > 0 ? "undecided" : "no difference";
    }
}
