package jsgx.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.launch.json.Json;

/** What a daemon's JSON documents say, as far as they say it: a newer or older one may leave something out. */
final class Documents {

    private Documents() {}

    /** A text, or any other value as text; empty where there is none. */
    static String string(Map<?, ?> object, String name) {
        Object value = object.get(name);
        return value == null ? "" : value.toString();
    }

    /** A whole number; 0 where there is none. */
    static long number(Map<?, ?> object, String name) {
        return object.get(name) instanceof Number number ? number.longValue() : 0;
    }

    /** A number that may be missing, for people. */
    static String limit(Map<?, ?> object, String name, String none) {
        return object.get(name) instanceof Number number ? Long.toString(number.longValue()) : none;
    }

    static boolean truth(Map<?, ?> object, String name) {
        return Boolean.TRUE.equals(object.get(name));
    }

    /** An object in an object; empty where there is none. */
    static Map<?, ?> object(Map<?, ?> object, String name) {
        return object.get(name) instanceof Map<?, ?> inner ? inner : Map.of();
    }

    /** The objects of a list; none where there is none. */
    static List<Map<?, ?>> objects(Map<?, ?> object, String name) {
        List<Map<?, ?>> objects = new ArrayList<>();
        if (object.get(name) instanceof List<?> list) {
            for (Object each : list) {
                if (each instanceof Map<?, ?> inner) {
                    objects.add(inner);
                }
            }
        }
        return objects;
    }

    /** The same document for this program to print. */
    static Json json(Map<?, ?> object) {
        Json json = new Json();
        object.forEach((name, value) -> json.put(String.valueOf(name), value));
        return json;
    }
}
