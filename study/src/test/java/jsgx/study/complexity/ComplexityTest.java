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
                        "jsgx/launch/governor/CacheControl",
                        "jsgx/launch/token/KeyGenerations",
                        "jsgx/launch/token/TokenKey")
                .doesNotContain("jsgx/launch/governor/Governor", "jsgx/launch/governor/KernelTokens");
        assertThat(kernel.uncharged().files()).as("KernelTokens").isEqualTo(1);
        assertThat(kernel.uncharged().lines()).isBetween(1, kernel.lines() / 4);
        assertThat(user.uncharged().numbers()).containsOnly(0);
        assertThat(kernel.alone().libraries()).as("Caffeine").isEqualTo(1);
        assertThat(kernel.settings())
                .as("placement, scheme, max-bytes, max-entries, floor, ceiling")
                .isEqualTo(6);
    }

    @Test
    void aKernelWithOneSchemeHasLessOfAllAndTheSameCache() {
        Complexity one = of(Placement.KERNEL, "one scheme");
        assertThat(one.files())
                .contains("jsgx/launch/cache/KernelTokenCache", "jsgx/launch/cache/Lru")
                .doesNotContain("jsgx/launch/cache/Sieve", "jsgx/launch/cache/EntryHeap");
        assertThat(kernel.files()).containsAll(one.files());
        assertThat(one.lines()).isLessThan(kernel.lines());
        assertThat(one.alone().libraries()).as("no Caffeine").isZero();
        assertThat(one.settings()).isEqualTo(kernel.settings() - 1);
    }

    @Test
    void whatIsSharedIsToldWithWhoUsesItToo() {
        assertThat(user.shared()).anySatisfy(file -> {
            assertThat(file.file()).isEqualTo("jsgx/launch/file/RecordLog");
            assertThat(file.with()).contains("jsgx/launch/audit");
        });
        assertThat(user.shared().stream().mapToInt(Complexity.Shared::lines).sum())
                .isEqualTo(user.uses().lines() - user.alone().lines());
        assertThat(none.shared()).isEmpty();
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
        assertThat(user.failureModes()).isPositive();
    }

    /** What docs/study.md says of this commit. */
    @Test
    void userSpaceHasLessOfSomeAndMoreWaysToFail() {
        Complexity one = of(Placement.KERNEL, "one scheme");
        int uncharged = kernel.uncharged().lines();
        assertThat(user.lines() + uncharged).isLessThan(kernel.lines());
        assertThat(Math.abs(user.lines() - one.lines())).isLessThanOrEqualTo(uncharged);
        assertThat(user.locks()).isLessThan(kernel.locks()).isLessThan(one.locks());
        assertThat(user.failureModes()).isGreaterThanOrEqualTo(3 * kernel.failureModes());
        assertThat(user.failureModes() - kernel.failureModes())
                .isGreaterThan(kernel.uncharged().failureModes());
        assertThat(user.uses().lines()).isGreaterThan(kernel.uses().lines() + uncharged);
        assertThat(user.uses().locks()).isGreaterThan(kernel.uses().locks());
        assertThat(user.uses().failureModes())
                .isGreaterThan(kernel.uses().failureModes() + kernel.uncharged().failureModes());
    }

    private static Complexity of(Placement placement) {
        return of(placement, "");
    }

    private static Complexity of(Placement placement, String variant) {
        return Complexity.all().stream()
                .filter(each -> each.placement() == placement && each.variant().equals(variant))
                .findFirst()
                .orElseThrow();
    }
}
