package jsgx.launch.token;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a kernel counts as another launch key. */
@Timeout(value = 10, unit = TimeUnit.SECONDS)
class KeyGenerationsTest {

    private final AtomicLong cpuSvn = new AtomicLong(7);
    private final AtomicLong rotations = new AtomicLong();
    private final KeyGenerations generations = new KeyGenerations(cpuSvn::get, rotations::get);

    @Test
    void staysAsLongAsNothingChanges() {
        assertThat(generations.now()).isZero();
        assertThat(generations.now()).isZero();
    }

    @Test
    void anotherCpuSvnIsAnotherGenerationWhetherItRoseOrFell() {
        cpuSvn.set(8);
        assertThat(generations.now()).isEqualTo(1);
        cpuSvn.set(7);
        assertThat(generations.now()).as("not that of before").isEqualTo(2);
    }

    @Test
    void whatChangedAndChangedBackBetweenTwoLooksIsNotSeen() {
        cpuSvn.set(8);
        cpuSvn.set(7);
        assertThat(generations.now()).isZero();
    }

    @Test
    void eachRotationIsAnother() {
        rotations.set(2);
        cpuSvn.set(1);
        assertThat(generations.now()).isEqualTo(3);
    }
}
