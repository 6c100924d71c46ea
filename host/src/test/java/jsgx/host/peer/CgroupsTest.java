package jsgx.host.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class CgroupsTest {

    @ParameterizedTest
    @CsvSource({
        "0::/kubepods.slice, /kubepods.slice",
        "0::/kubepods.slice/pod1/c2, /kubepods.slice",
        "0::/kubepods.slice/team-a/pod1, /kubepods.slice/team-a",
        "0::/kubepods.slice/team-ab/pod1, /kubepods.slice",
        "0::/kubepods.slices/pod1, ''",
        "0::/user.slice/kubepods.slice, ''",
        "0::/../kubepods.slice, ''",
        "0::/kubepods.slice/../user.slice, ''",
        "1:name=systemd:/kubepods.slice/x, /kubepods.slice",
        "4:memory:/kubepods.slice/a:b, /kubepods.slice",
        "nonsense, ''",
        "0::, ''"
    })
    void theLongestPrefixOfWholeComponentsCounts(String line, String expected) {
        Cgroups cgroups = new Cgroups(List.of("/kubepods.slice/", "/kubepods.slice//team-a"));
        assertThat(cgroups.longest(List.of(line)).orElse("")).isEqualTo(expected);
    }

    @Test
    void aProcessIsWhereItWasPutInAnyHierarchy() {
        Cgroups cgroups = new Cgroups(List.of("/pods", "/pods/a"));
        assertThat(cgroups.longest(List.of("4:memory:/pods/a/b", "1:name=systemd:/pods", "0::/")))
                .contains("/pods/a");
    }

    @Test
    void theRootIsAPrefixOfAll() {
        assertThat(new Cgroups(List.of("/")).longest(List.of("0::/any/where"))).contains("/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pods", "/pods/../other"})
    void whatIsNoPathFromTheRootIsRefused(String prefix) {
        assertThatThrownBy(() -> new Cgroups(List.of(prefix)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + prefix + "'");
    }
}
