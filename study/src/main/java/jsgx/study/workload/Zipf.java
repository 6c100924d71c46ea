package jsgx.study.workload;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Numbers from 0, of which the one at place k is drawn with a probability in proportion to 1 / (k + 1)^exponent; each in constant time, by Walker's
 * tables of aliases.
 *
 * @see <a href="https://doi.org/10.1109/32.92917">Vose: A linear algorithm for generating random numbers with a given distribution, IEEE
 *     Transactions on Software Engineering 17(9), 1991</a>
 */
final class Zipf {

    private final double[] keep;
    private final int[] alias;

    Zipf(int count, double exponent) {
        double[] weights = new double[count];
        double sum = 0;
        for (int k = 0; k < count; k++) {
            // Math.pow may differ in its last digit from one processor to another.
            weights[k] = StrictMath.pow(k + 1.0, -exponent);
            sum += weights[k];
        }
        keep = new double[count];
        alias = new int[count];
        int[] order = new int[count];
        int small = 0;
        int large = count;
        for (int k = 0; k < count; k++) {
            weights[k] *= count / sum;
            if (weights[k] < 1) {
                order[small++] = k;
            } else {
                order[--large] = k;
            }
        }
        Arrays.fill(keep, 1);
        while (small > 0 && large < count) {
            int poor = order[--small];
            int rich = order[large];
            keep[poor] = weights[poor];
            alias[poor] = rich;
            weights[rich] -= 1 - weights[poor];
            if (weights[rich] < 1) {
                large++;
                order[small++] = rich;
            }
        }
    }

    int draw(RandomGenerator random) {
        int k = random.nextInt(keep.length);
        return random.nextDouble() < keep[k] ? k : alias[k];
    }
}
