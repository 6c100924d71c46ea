package jsgx.host.admin;

import java.util.List;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;

/** Why a request is not answered as it wished, for people: an answer of application/problem+json (RFC 9457). */
final class Problem extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient Json json;

    /**
     * @param title what kind of thing went wrong, in a few words that are always the same
     * @param detail what was wrong this time
     */
    Problem(int status, String title, String detail) {
        super(detail, null, false, false);
        this.status = status;
        this.json = new Json().put("title", title).put("status", status).put("detail", detail);
    }

    /** A request that makes no sense. */
    static Problem badRequest(String detail) {
        return new Problem(400, "Bad request", detail);
    }

    /** There is no such thing. */
    static Problem notFound(String detail) {
        return new Problem(404, "Not found", detail);
    }

    /** It was understood, and cannot be done as things are. */
    static Problem conflict(String detail) {
        return new Problem(409, "Conflict", detail);
    }

    Problem where(String place) {
        return with("where", place);
    }

    Problem expected(String what) {
        return with("expected", what);
    }

    Problem found(String what) {
        return with("found", what);
    }

    Problem advice(String whatToDo) {
        return with("advice", whatToDo);
    }

    Problem errors(List<Json> errors) {
        return with("errors", errors);
    }

    private Problem with(String name, @Nullable Object value) {
        json.put(name, value);
        return this;
    }

    int status() {
        return status;
    }

    Json json() {
        return json;
    }
}
