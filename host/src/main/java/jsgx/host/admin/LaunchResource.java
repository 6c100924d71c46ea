package jsgx.host.admin;

import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.feed.FeedEntry;
import jsgx.host.feed.LaunchFeed;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;

/** The last launches, and those to come. */
final class LaunchResource {

    private static final long USUAL = 100;

    private final LaunchFeed feed;
    private final Streams streams;

    LaunchResource(LaunchFeed feed, Streams streams) {
        this.feed = feed;
        this.streams = streams;
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/launches", this::latest),
                new Operation("GET", "/v1/launches/stream", this::stream));
    }

    private Answer latest(Call call) {
        Map<String, String> query = call.query(Set.of("limit"));
        long limit = Call.number(query, "limit", 1, LaunchFeed.KEPT).orElse(USUAL);
        return Answer.of(new Json()
                .put(
                        "items",
                        feed.latest((int) limit).stream()
                                .map(LaunchJson::launch)
                                .toList()));
    }

    private Answer stream(Call call) throws LaunchException {
        long[] after = {lastSeen(call, feed.last())};
        return streams.stream(call, sink -> {
            LaunchFeed.Batch batch = feed.after(after[0]);
            if (batch.lost() > 0) {
                sink.emit(Streams.event(
                        "lost",
                        after[0] + batch.lost(),
                        new Json().put("count", batch.lost()).toString()));
            }
            for (FeedEntry entry : batch.entries()) {
                sink.emit(Streams.event(
                        "launch", entry.number(), LaunchJson.launch(entry).toString()));
            }
            after[0] = batch.next();
            return batch.lost() > 0 || !batch.entries().isEmpty();
        });
    }

    /** Where a stream goes on that was interrupted, or begins. */
    static long lastSeen(Call call, long otherwise) {
        String last = call.header("Last-Event-ID");
        if (last.isEmpty()) {
            return otherwise;
        }
        return Call.number(Map.of("Last-Event-ID", last), "Last-Event-ID", 0, Long.MAX_VALUE)
                .orElse(otherwise);
    }
}
