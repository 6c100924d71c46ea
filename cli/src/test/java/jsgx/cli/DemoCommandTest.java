package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {

    @TempDir
    private Path folder;

    @Test
    void allStepsEndAsTheyShould() {
        // Nothing is needed but the program: not even a home.
        Jsgx.Run run = new Jsgx(folder).with("HOME", "/dev/null").line("demo --json");

        assertThat(run.status()).as(run.err()).isZero();
        Object steps = run.json().get("steps");
        assertThat(Jsgx.values(steps, "name"))
                .containsExactly(
                        "cold",
                        "again",
                        "flipped-code",
                        "wrong-signature",
                        "forged-token",
                        "reserved-attribute",
                        "cached",
                        "restart",
                        "vm-reboot",
                        "revoked",
                        "other-platform",
                        "quota",
                        "quota-neighbour",
                        "daemon");
        assertThat(Jsgx.values(steps, "verdict"))
                .containsExactly(
                        "launched",
                        "launched",
                        "refused",
                        "refused",
                        "refused",
                        "refused",
                        "launched",
                        "launched",
                        "launched",
                        "refused",
                        "launched",
                        "refused",
                        "launched",
                        "launched");
        assertThat(Jsgx.values(steps, "code"))
                .containsExactly(
                        "SGX_SUCCESS",
                        "SGX_SUCCESS",
                        "SGX_INVALID_MEASUREMENT",
                        "SGX_INVALID_SIGNATURE",
                        "SGX_INVALID_EINITTOKEN",
                        "DRIVER_EINVAL",
                        "SGX_SUCCESS",
                        "SGX_SUCCESS",
                        "SGX_SUCCESS",
                        "POLICY_REVOKED",
                        "SGX_SUCCESS",
                        "POLICY_QUOTA",
                        "SGX_SUCCESS",
                        "SGX_SUCCESS");
        assertThat(Jsgx.values(steps, "tokenSource"))
                .startsWith("launch-enclave", "launch-enclave")
                .endsWith(
                        "kernel-cache",
                        "store",
                        "store",
                        "caller",
                        "launch-enclave",
                        "none",
                        "launch-enclave",
                        "caller")
                .element(4)
                .isEqualTo("caller");
        assertThat(Jsgx.values(steps, "staleCode")).element(10).isEqualTo(16L);
        Object ran = run.json().get("run");
        assertThat(Jsgx.value(ran, "asExpected")).isEqualTo(true);
        if (String.valueOf(Jsgx.value(ran, "skipped")).isEmpty()) {
            assertThat(Jsgx.value(ran, "output")).isEqualTo("the enclave's sum: 42");
        }
        assertThat(Jsgx.values(steps, "micros"))
                .allSatisfy(micros -> assertThat(micros).isInstanceOf(Long.class));
    }

    @Test
    void peopleSeeVerdictAndReasonOfEachStepAndMayKeepTheFiles() {
        Jsgx jsgx = new Jsgx(folder);

        Jsgx.Run run = jsgx.line("demo --keep first");

        assertThat(run.status()).isZero();
        assertThat(run.out().lines().filter(line -> line.startsWith("launched  MRENCLAVE ")))
                .hasSize(8);
        assertThat(run.out().lines().filter(line -> line.startsWith("refused  ")))
                .hasSize(6);
        assertThat(run.out().lines().filter(line -> line.startsWith("  what to do ")))
                .hasSize(6);
        assertThat(run.out()).contains("as it should be  8 launches, 6 refusals, each by another check; ");
        assertThat(Samples.filesIn(folder))
                .isEqualTo(List.of(
                        "first/enclave.sgxs",
                        "first/enclave.sigstruct",
                        "first/flipped.sgxs",
                        "first/program",
                        "first/signer.pem"));
        assertThat(jsgx.line("demo --keep first").err()).contains("first: not empty: expected a new folder");
    }
}
