package jsgx.host.admin;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.PolicyException;

/**
 * One operation of the API.
 *
 * @param method in upper case
 * @param template the path, with a name in braces for each segment that is a value
 * @param handler what answers
 */
record Operation(String method, String template, Handler handler) {

    /** What answers a call. */
    @FunctionalInterface
    interface Handler {

        /**
         * Answers.
         *
         * @throws Problem where it cannot
         */
        Answer answer(Call call) throws LaunchException, PolicyException, IOException;
    }

    /** An answer. */
    sealed interface Answer {

        /** A JSON document. */
        record Document(int status, Json json) implements Answer {}

        /** Bytes of another type. */
        record Bytes(String contentType, byte[] bytes) implements Answer {}

        /** The handler has answered by itself. */
        record Sent() implements Answer {}

        /** A JSON document of status 200. */
        static Answer of(Json json) {
            return new Document(200, json);
        }
    }

    /** The values of a path that this operation is for; empty where it is for another one. Segments are decoded. */
    Optional<Map<String, String>> match(List<String> segments) {
        List<String> pattern = segments(template);
        if (pattern.size() != segments.size()) {
            return Optional.empty();
        }
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < pattern.size(); i++) {
            String expected = pattern.get(i);
            if (expected.startsWith("{")) {
                values.put(expected.substring(1, expected.length() - 1), segments.get(i));
            } else if (!expected.equals(segments.get(i))) {
                return Optional.empty();
            }
        }
        return Optional.of(values);
    }

    /** What stands between the slashes of a path. */
    static List<String> segments(String path) {
        return new ArrayList<>(List.of(path.substring(1).split("/", -1)));
    }
}
