package jsgx.host.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.arch.struct.Attributes;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The metrics as Prometheus reads them. */
@Timeout(300)
class MetricsTest {

    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[^}]*})? (NaN|[-+]?Inf|[-+0-9.eE]+)");

    /** Types by metric, and samples by name and labels; each line is read, or the test fails. */
    private record Exposition(Map<String, String> types, Map<String, Double> samples) {

        static Exposition parse(String text) {
            Map<String, String> types = new TreeMap<>();
            Map<String, Double> samples = new LinkedHashMap<>();
            for (String line : text.split("\n", -1)) {
                if (line.startsWith("# TYPE ")) {
                    String[] words = line.split(" ", -1);
                    assertThat(types.put(words[2], words[3])).as(line).isNull();
                } else if (!line.isEmpty() && !line.startsWith("# HELP ")) {
                    Matcher matcher = SAMPLE.matcher(line);
                    assertThat(matcher.matches()).as(line).isTrue();
                    String labels = matcher.group(2) == null ? "" : matcher.group(2);
                    samples.put(matcher.group(1) + labels, Double.parseDouble(matcher.group(3)));
                }
            }
            return new Exposition(types, samples);
        }

        double of(String sample) {
            return samples.getOrDefault(sample, 0.0);
        }
    }

    @Test
    void theyAreWhatTheDocumentationSaysAndMove() throws Exception {
        try (AdminHost host = AdminHost.start()) {
            Exposition before = Exposition.parse(host.get("/metrics").body());
            host.launch(1, InterfaceKind.V5, "uid:1000");
            host.launch(1, InterfaceKind.V5, "uid:1000");
            host.call("PUT", "/v1/policy", "{\"text\":\"version: 1\\ndefault: deny\\n\"}");
            host.launch(1, InterfaceKind.MAINLINE, "uid:1001");
            host.running
                    .governor()
                    .issueToUserSpace(
                            TokenIdentity.of(new byte[32], new byte[32], Attributes.NONE), new Workload("uid:1002"));
            Exposition after = Exposition.parse(host.get("/metrics").body());

            assertThat(before.of("jsgx_epc_pages")).isEqualTo(1024);
            assertThat(after.of("jsgx_launches_total{code=\"SGX_SUCCESS\",interface=\"v5\",verdict=\"launched\"}"))
                    .isEqualTo(2);
            assertThat(after.of(
                            "jsgx_launches_total{code=\"POLICY_DENIED\",interface=\"mainline\",verdict=\"refused\"}"))
                    .isEqualTo(1);
            assertThat(after.of("jsgx_tokens_issued_total{code=\"POLICY_DENIED\",verdict=\"refused\"}"))
                    .isEqualTo(1);
            assertThat(after.of("jsgx_launch_enclave_seconds_count")).isEqualTo(1);
            assertThat(after.of("jsgx_launch_enclave_seconds_bucket{le=\"+Inf\"}"))
                    .isEqualTo(1);
            assertThat(after.of("jsgx_cache_hits_total{workload=\"uid:1000\"}")).isEqualTo(1);
            assertThat(after.of("jsgx_cache_misses_total{workload=\"uid:1000\"}"))
                    .isEqualTo(1);
            assertThat(after.of("jsgx_cache_entries")).isEqualTo(1);
            assertThat(after.of("jsgx_audit_record_seconds_count"))
                    .isGreaterThan(before.of("jsgx_audit_record_seconds_count"));
            assertThat(after.of("jsgx_epc_free_pages")).isPositive();
            assertThat(after.of("jvm_memory_used_bytes{area=\"heap\"}")).isPositive();

            Map<String, String> documented = documented();
            Map<String, String> own = new TreeMap<>(after.types());
            assertThat(own).isEqualTo(documented);
        }
    }

    /** The table of docs/serve.md: names and types, without those of services that do not run here. */
    private static Map<String, String> documented() throws Exception {
        Map<String, String> documented = new TreeMap<>();
        Matcher row = Pattern.compile("(?m)^\\| `([a-z_]+)`[^|]*\\| (counter|gauge|histogram) \\|")
                .matcher(Files.readString(Path.of("..", "docs", "serve.md")));
        while (row.find()) {
            if (!row.group(1).startsWith("jsgx_aesm") && !row.group(1).equals("jsgx_sessions")) {
                documented.put(row.group(1), row.group(2));
            }
        }
        return documented;
    }

    @Test
    void aFloodOfWorkloadsMakesNoFloodOfSeries() throws Exception {
        try (AdminHost host = AdminHost.start()) {
            for (int i = 0; i < 60; i++) {
                host.running.governor().quotas().charge(new Workload("uid:" + i), 1);
            }
            Exposition metrics = Exposition.parse(host.get("/metrics").body());
            assertThat(metrics.samples().keySet().stream().filter(name -> name.startsWith("jsgx_workload_epc_pages")))
                    .hasSizeLessThanOrEqualTo(51);
            assertThat(metrics.of("jsgx_workload_epc_pages{workload=\"other\"}"))
                    .isGreaterThanOrEqualTo(10);
            for (int i = 0; i < 60; i++) {
                host.running.governor().quotas().uncharge(new Workload("uid:" + i), 1);
            }
        }
    }
}
