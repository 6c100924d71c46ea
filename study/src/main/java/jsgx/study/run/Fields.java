package jsgx.study.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.launch.json.Json;
import jsgx.launch.json.MalformedJson;
import org.jspecify.annotations.Nullable;

/** The fields of a JSON object from a file that anybody may have written. */
public record Fields(Map<?, ?> object) {

    /**
     * Those of the object that a line holds.
     *
     * @throws StudyException with the reason where it holds none
     */
    static Fields of(String line) throws StudyException {
        try {
            return new Fields(Json.parse(line));
        } catch (MalformedJson e) {
            throw new StudyException(String.valueOf(e.getMessage()));
        }
    }

    public String string(String name) throws StudyException {
        if (object.get(name) instanceof String text) {
            return text;
        }
        throw wrong(name, "a string");
    }

    boolean truth(String name) throws StudyException {
        if (object.get(name) instanceof Boolean truth) {
            return truth;
        }
        throw wrong(name, "true or false");
    }

    List<String> strings(String name) throws StudyException {
        List<String> list = new ArrayList<>();
        for (Object element : elements(name)) {
            if (!(element instanceof String text)) {
                throw wrong(name, "a list of strings");
            }
            list.add(text);
        }
        return list;
    }

    /** A whole number, 0 or more. */
    public long count(String name) throws StudyException {
        Object value = object.get(name);
        long number = value instanceof Long whole ? whole : value instanceof Integer whole ? whole : -1;
        if (number < 0 || number > Json.LARGEST_WHOLE) {
            throw wrong(name, "a whole number from 0 to " + Json.LARGEST_WHOLE);
        }
        return number;
    }

    /** A whole number. */
    long signed(String name) throws StudyException {
        Object value = object.get(name);
        if (value instanceof Long number && Math.abs(number) <= Json.LARGEST_WHOLE) {
            return number;
        }
        throw wrong(name, "a whole number");
    }

    public Fields fields(String name) throws StudyException {
        if (object.get(name) instanceof Map<?, ?> inner) {
            return new Fields(inner);
        }
        throw wrong(name, "an object");
    }

    public List<Fields> list(String name) throws StudyException {
        List<Fields> list = new ArrayList<>();
        for (Object element : elements(name)) {
            if (!(element instanceof Map<?, ?> inner)) {
                throw wrong(name, "a list of objects");
            }
            list.add(new Fields(inner));
        }
        return list;
    }

    /** A list of whole numbers, 0 or more. */
    public List<Long> counts(String name) throws StudyException {
        List<Long> list = new ArrayList<>();
        for (Object element : elements(name)) {
            if (!(element instanceof Long number) || number < 0 || number > Json.LARGEST_WHOLE) {
                throw wrong(name, "a list of whole numbers from 0 to " + Json.LARGEST_WHOLE);
            }
            list.add(number);
        }
        return list;
    }

    private List<?> elements(String name) throws StudyException {
        if (object.get(name) instanceof List<?> list) {
            return list;
        }
        throw wrong(name, "a list");
    }

    /** What a field that is not as it should be is told with. */
    StudyException wrong(String name, String expected) {
        @Nullable Object value = object.get(name);
        String found = String.valueOf(value);
        return new StudyException("\"%s\" is %s: expected %s"
                .formatted(
                        name,
                        value == null ? "missing" : found.length() > 60 ? found.substring(0, 60) + "…" : found,
                        expected));
    }
}
