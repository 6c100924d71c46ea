package jsgx.host.fleet;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jsgx.launch.LaunchException;

/** The keys of one fleet in a Redis or Valkey server: scripts that work on them, and answers that are held against what a host would have put there. */
final class RedisKeys {

    private static final long LARGEST = 1L << 52;

    private final RedisEngine engine;
    private final String prefix;

    RedisKeys(RedisEngine engine, String prefix) {
        this.engine = engine;
        this.prefix = prefix;
    }

    RedisEngine engine() {
        return engine;
    }

    /** The whole name of a key. */
    String name(String last) {
        return prefix + last;
    }

    /** Runs a script, whose first argument is the number of the layout. */
    Object run(RedisScript script, List<String> keys, String... arguments) throws LaunchException {
        List<byte[]> bytes = new ArrayList<>();
        for (String each : arguments) {
            bytes.add(bytes(each));
        }
        return run(script, keys, bytes);
    }

    Object run(RedisScript script, List<String> keys, List<byte[]> arguments) throws LaunchException {
        List<byte[]> all = new ArrayList<>();
        all.add(bytes(RedisFleetStore.SCHEMA));
        all.addAll(arguments);
        List<byte[]> named = keys.stream().map(this::key).toList();
        Object answer = engine.call(jedis -> jedis.eval(bytes(script.text()), named, all));
        if (answer == null) {
            throw garbage(keys.getLast(), "nothing");
        }
        return answer;
    }

    byte[] key(String last) {
        return bytes(name(last));
    }

    /** A hash, from its fields and values in turn. */
    Map<String, byte[]> hash(String key, Object answer) throws LaunchException {
        Map<String, byte[]> fields = new HashMap<>();
        if (!(answer instanceof List<?> list) || list.size() % 2 != 0) {
            throw garbage(key, String.valueOf(answer));
        }
        for (int i = 0; i < list.size(); i += 2) {
            if (!(list.get(i) instanceof byte[] field) || !(list.get(i + 1) instanceof byte[] value)) {
                throw garbage(key, "fields that are none");
            }
            fields.put(text(field), value);
        }
        return fields;
    }

    long number(String key, Object found) throws LaunchException {
        String text = found instanceof byte[] bytes ? text(bytes) : "nothing, or something of another type";
        if (text.matches("[0-9]{1,16}") && Long.parseLong(text) < LARGEST) {
            return Long.parseLong(text);
        }
        throw garbage(key, text);
    }

    /** Says that a key holds what no host put there. */
    LaunchException garbage(String key, String found) {
        return new LaunchException(
                "the fleet's engine at %s has something at %s%s that no host of a fleet puts there: %s; look at what else uses this engine"
                        .formatted(engine.name(), prefix, key, Printable.of(found)));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
