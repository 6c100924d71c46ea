package jsgx.study.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class MarksTest {

    @Test
    void isASortedSet() {
        Random random = new Random(3);
        for (int bound : new int[] {1, 63, 64, 65, 4_096, 4_097, 300_000}) {
            Marks marks = new Marks(bound);
            TreeSet<Integer> model = new TreeSet<>();
            for (int i = 0; i < 2_000; i++) {
                int number = random.nextInt(bound);
                if (random.nextInt(3) == 0) {
                    assertThat(marks.remove(number)).isEqualTo(model.remove(number));
                } else {
                    marks.add(number);
                    model.add(number);
                }
                if (!model.isEmpty()) {
                    assertThat(marks.last()).isEqualTo(model.last());
                }
            }
        }
    }
}
