package jsgx.host.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.avaje.json.mapper.JsonMapper;
import io.avaje.json.stream.JsonStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The schema and the reader say the same of a file, but for what a pattern cannot say of addresses. */
@Timeout(60)
class ConfigurationSchemaTest {

    private static final JsonMapper JSON = JsonMapper.builder()
            .jsonStream(JsonStream.builder().serializeEmpty(true).build())
            .build();
    private static final Schema SCHEMA = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(ConfigurationSchema.text(), InputFormat.JSON);

    @Test
    void theSchemaHasEverySettingWithItsMeaningAndNoOther() {
        Map<String, Object> properties = object(JSON.fromJsonObject(ConfigurationSchema.text()), "properties");
        int found = 0;
        for (Setting setting : Setting.values()) {
            Map<String, Object> at = properties;
            String[] words = setting.key().split("\\.", -1);
            for (int i = 0; i < words.length - 1; i++) {
                at = object(object(at, words[i]), "properties");
            }
            assertThat(object(at, words[words.length - 1]).get("description"))
                    .as(setting.key())
                    .isEqualTo(setting.meaning());
            found++;
        }
        int leaves = 0;
        for (Object property : properties.values()) {
            Object inner = property instanceof Map<?, ?> map ? map.get("properties") : null;
            leaves += inner instanceof Map<?, ?> map ? map.size() : 1;
        }
        // Beside the settings there are workloads.cgroups and grants.
        assertThat(leaves).isEqualTo(found + 2);
    }

    @Test
    void theExampleOfTheDocumentIsValid() throws Exception {
        assertThat(errors(ConfigurationTest.example())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "state: /x",
                "state: x",
                "run-folder: none",
                "aesm: {socket: none}",
                "aesm: {socket: x}",
                "aesm: {queue: 1}",
                "aesm: {queue: 1000000}",
                "aesm: {queue: 1000001}",
                "aesm: {queue: 0}",
                "aesm: {queue: 1.5}",
                "aesm: {timeout: 1ms}",
                "aesm: {timeout: 600000ms}",
                "aesm: {timeout: 600001ms}",
                "aesm: {timeout: 10m}",
                "aesm: {timeout: 11m}",
                "aesm: {timeout: 601s}",
                "aesm: {timeout: 0s}",
                "aesm: {timeout: 5}",
                "aesm: {other: 5}",
                "aesm: none",
                "aesm: []",
                "other: 5",
                "admin: {group: wheel}",
                "admin: {group: \"wh eel\"}",
                "console: {listen: none}",
                "console: {listen: 127.0.0.1:1}",
                "console: {listen: localhost:1}",
                "placement: kernel",
                "placement: Kernel",
                "cache: {max-bytes: 8MiB}",
                "cache: {max-bytes: 8 MiB}",
                "cache: {max-bytes: 8388608}",
                "cache: {max-bytes: 8MB}",
                "cache: {max-bytes: -1}",
                "cache: {max-entries: none}",
                "cache: {max-entries: 5}",
                "cache: {max-entries: all}",
                "cache: {scheme: s3-fifo}",
                "cache: {scheme: random}",
                "epc: 1GiB",
                "epc: 0",
                "audit: {durability: each}",
                "audit: {durability: never}",
                "workloads: {cgroups: []}",
                "workloads: {cgroups: [/a/b]}",
                "workloads: {cgroups: [/a/]}",
                "workloads: {cgroups: [/]}",
                "workloads: {cgroups: [/a/..]}",
                "workloads: {cgroups: [/a/...]}",
                "workloads: {cgroups: [/a, /a]}",
                "workloads: {cgroups: /a}",
                "grants: []",
                "grants: [{uid: 0, may: []}]",
                "grants: [{uid: 5, may: [policy, workload]}]",
                "grants: [{uid: 5, may: [policy, policy]}]",
                "grants: [{uid: 5, may: [Policy]}]",
                "grants: [{uid: -5, may: []}]",
                "grants: [{uid: 5}]",
                "grants: [{uid: 5, may: [], why: x}]",
                "grants: {uid: 5}",
                "fleet: {engine: redis://h:1}",
                "fleet: {engine: rediss://h}",
                "fleet: {engine: http://h}",
                "fleet: {engine: \"redis://u:p@h\"}",
                "fleet: {lease: 1s, partition: continue}",
                "fleet: {partition: maybe}",
                "fleet: {lease: 99ms}",
                "fleet: {lease: 100ms, namespace: a-b}",
                "fleet: {namespace: A}",
                "fleet: {namespace: -a}",
                "fleet: {namespace: a.b}",
                "workloads: {max-reclaimed: 1GiB}",
                "workloads: {max-reclaimed: none}",
                "log: {format: json, level: debug}",
                "log: {format: xml}",
                "log: {level: trace}",
                "sessions: {per-uid: 1, total: 2}",
                "sessions: {files-per-uid: 1, processes-per-uid: 1, threads-per-uid: 1, launch-memory-per-uid: 1GiB}",
                "sessions: {launch-memory-per-uid: much}",
                "sessions: {launch-memory-per-uid: 1048575}",
                "sessions: {launch-memory-per-uid: 1048576}",
                "sessions: {launch-memory-per-uid: 1023KiB}",
                "sessions: {launch-memory-per-uid: 1024 KiB}",
                "sessions: {launch-memory-per-uid: 1MiB}",
                "sessions: {total: none}"
            })
    void theReaderAndTheSchemaAgree(String text) throws Exception {
        boolean read = true;
        try {
            ConfigurationFile.parse("f", text);
        } catch (ConfigurationException e) {
            read = false;
        }

        assertThat(errors(text).isEmpty())
                .as("valid by the schema: %s", errors(text))
                .isEqualTo(read);
    }

    private static List<String> errors(String yaml) {
        Object document = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return SCHEMA.validate(JSON.toJson(document), InputFormat.JSON).stream()
                .map(Error::toString)
                .toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Map<String, Object> parent, String key) {
        @Nullable Object child = parent.get(key);
        assertThat(child).as(key).isInstanceOf(Map.class);
        return (Map<String, Object>) child;
    }
}
