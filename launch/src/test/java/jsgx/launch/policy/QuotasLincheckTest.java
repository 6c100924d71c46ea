package jsgx.launch.policy;

import java.util.Map;
import jsgx.driver.Workload;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Two threads on the quota of one workload, whose limits change: what they get is what one thread could have got. */
@Isolated("Lincheck instruments the classes that it runs")
class QuotasLincheckTest {

    /** What Lincheck runs. */
    @Param(name = "n", gen = IntGen.class, conf = "0:3")
    public static class Operations {

        private static final Workload A = new Workload("a");

        private final Quotas quotas = new Quotas(limit(2), () -> 0);

        private static QuotaTable limit(int n) {
            return new QuotaTable(
                    new WorkloadQuota(n, Double.POSITIVE_INFINITY, Long.MAX_VALUE, 0, Long.MAX_VALUE, 2L * n),
                    Map.of());
        }

        @Operation
        public boolean admit() {
            return quotas.admit(A).isEmpty();
        }

        @Operation
        public void released() {
            quotas.released(A);
        }

        @Operation
        public boolean charge(@Param(name = "n") int n) {
            return quotas.charge(A, n);
        }

        @Operation
        public void uncharge(@Param(name = "n") int n) {
            quotas.uncharge(A, n);
        }

        @Operation
        public void limits(@Param(name = "n") int n) {
            quotas.limits(limit(n));
        }
    }

    @Test
    void isLinearizable() {
        new StressOptions()
                .iterations(10)
                .invocationsPerIteration(500)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(Operations.class);
    }
}
