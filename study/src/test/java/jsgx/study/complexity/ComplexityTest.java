package jsgx.study.complexity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import jsgx.launch.governor.Placement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the build counted in launch. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ComplexityTest {

    private final Complexity none = of(Placement.NONE);
    private final Complexity kernel = of(Placement.KERNEL);
    private final Complexity user = of(Placement.USER);
    private final Complexity both = of(Placement.BOTH);

    @Test
    void theBaselineNeedsNothingOfItsOwn() {
        assertThat(none.alone().numbers()).containsOnly(0);
        assertThat(none.files()).isEmpty();
    }

    @Test
    void whatTheAuditUsesTooIsNotTheStoresAlone() {
        assertThat(user.files())
                .contains("jsgx/launch/store/TokenStore", "jsgx/launch/store/TokenIndex")
                .doesNotContain("jsgx/launch/file/RecordLog", "jsgx/launch/file/FileLayer");
        assertThat(user.uses().lines()).isGreaterThan(user.alone().lines());
        assertThat(user.uses().locks()).isGreaterThan(user.alone().locks());
    }

    @Test
    void theKernelsCacheHasItsSchemesAndItsLibrary() {
        assertThat(kernel.files())
                .contains(
                        "jsgx/launch/cache/KernelTokenCache",
                        "jsgx/launch/cache/Sieve",
                        "jsgx/launch/governor/CacheControl")
                .doesNotContain("jsgx/launch/governor/Governor", "jsgx/launch/token/TokenKey");
        assertThat(kernel.alone().libraries()).as("Caffeine").isEqualTo(1);
        assertThat(kernel.settings())
                .as("placement, scheme, max-bytes, max-entries, floor, ceiling")
                .isEqualTo(6);
    }

    @Test
    void bothAreTheSumOfTheTwo() {
        assertThat(both.files()).containsAll(kernel.files()).containsAll(user.files());
        assertThat(both.lines()).isEqualTo(kernel.lines() + user.lines());
        assertThat(both.locks()).isEqualTo(kernel.locks() + user.locks());
        assertThat(both.settings()).isEqualTo(kernel.settings() + user.settings());
    }

    @Test
    void eachCanFail() {
        assertThat(kernel.failureModes()).isPositive();
        assertThat(user.failureModes()).isGreaterThan(kernel.failureModes());
    }

    private static Complexity of(Placement placement) {
        return Complexity.all().stream()
                .filter(each -> each.placement() == placement)
                .findFirst()
                .orElseThrow();
    }
}
