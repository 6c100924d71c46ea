package jsgx.host.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.avaje.json.mapper.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The document of the API, as a test holds answers against it. */
final class ApiDocument {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Map<String, Object> root;
    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    ApiDocument(String yaml) {
        root = object(new Load(LoadSettings.builder().build()).loadFromString(yaml));
    }

    /** An operation: its method in upper case and its path. */
    record Named(String method, String path) {}

    /** All operations. */
    List<Named> operations() {
        List<Named> operations = new ArrayList<>();
        object(root.get("paths"))
                .forEach((path, item) -> object(item).keySet().stream()
                        .filter(key -> !key.equals("parameters"))
                        .forEach(method -> operations.add(new Named(method.toUpperCase(java.util.Locale.ROOT), path))));
        return operations;
    }

    /** Holds an answer against what the document says of it: its status, its type, each of its fields. */
    void check(Named operation, AdminHost.Reply reply) {
        Map<String, Object> responses = object(operation(operation).get("responses"));
        Object found = responses.getOrDefault(Integer.toString(reply.status()), responses.get("default"));
        assertThat(responses.containsKey(Integer.toString(reply.status())) || reply.status() >= 400)
                .as("%s answers %d, of which the document says nothing: %s", operation, reply.status(), reply.body())
                .isTrue();
        Map<String, Object> content = object(resolved(found).get("content"));
        String type = reply.headers().getOrDefault("content-type", "").split(";", 2)[0];
        assertThat(content.keySet()).as("%s: the type of the answer", operation).contains(type);
        Object schema = object(content.get(type)).get("schema");
        if (schema != null) {
            assertThat(problems(schema, reply.body()))
                    .as("%s answers %s", operation, reply.body())
                    .isEmpty();
        }
    }

    /** Holds a body that a test sends against the document, so that the document's bodies are those that the server takes. */
    void checkRequest(Named operation, String body) {
        Object described = operation(operation).get("requestBody");
        if (body.isEmpty()) {
            assertThat(described == null
                            || !Boolean.TRUE.equals(object(described).get("required")))
                    .as("%s needs a body", operation)
                    .isTrue();
            return;
        }
        assertThat(described).as("%s takes no body", operation).isNotNull();
        Object schema = object(object(object(described).get("content")).get("application/json"))
                .get("schema");
        assertThat(problems(schema, body)).as("%s is sent %s", operation, body).isEmpty();
    }

    /** What is wrong with a text of a schema of this name. */
    List<String> problemsOf(String schema, String json) {
        return problems(Map.of("$ref", "#/components/schemas/" + schema), json);
    }

    private List<String> problems(@Nullable Object schema, String json) {
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("components", root.get("components"));
        whole.put("allOf", List.of(object(schema)));
        Schema compiled = registry.getSchema(JSON.toJson(whole), InputFormat.JSON);
        return compiled.validate(json, InputFormat.JSON).stream()
                .map(error -> error.getInstanceLocation() + " " + error.getMessage())
                .toList();
    }

    private Map<String, Object> operation(Named named) {
        return object(object(object(root.get("paths")).get(named.path()))
                .get(named.method().toLowerCase(java.util.Locale.ROOT)));
    }

    private Map<String, Object> resolved(@Nullable Object value) {
        Map<String, Object> object = object(value);
        if (!(object.get("$ref") instanceof String reference)) {
            return object;
        }
        Object at = root;
        for (String part : reference.substring(2).split("/", -1)) {
            at = object(at).get(part);
        }
        return object(at);
    }

    /** The names of all schemas that no operation leads to. */
    Set<String> unusedSchemas() {
        String text = JSON.toJson(root);
        Set<String> unused = new TreeSet<>(
                object(object(root.get("components")).get("schemas")).keySet());
        unused.removeIf(name -> text.contains("\"#/components/schemas/" + name + "\""));
        return unused;
    }

    private static Map<String, Object> object(@Nullable Object value) {
        assertThat(value).isInstanceOf(Map.class);
        Map<String, Object> object = new LinkedHashMap<>();
        ((Map<?, ?>) java.util.Objects.requireNonNull(value))
                .forEach((key, each) -> object.put(String.valueOf(key), each));
        return object;
    }
}
