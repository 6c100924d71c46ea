package jsgx.host.admin;

import io.helidon.http.sse.SseEvent;
import io.helidon.webserver.sse.SseSink;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import jsgx.launch.LaunchException;

/** Server-sent events: a stream looks again and again whether something came, and says now and then that it is alive. */
final class Streams {

    private static final int MOST = 32;
    private static final long LOOK_MILLIS = 50;
    private static final Duration ALIVE = Duration.ofSeconds(15);

    private final Semaphore room = new Semaphore(MOST);
    private volatile boolean ended;

    /** What sends what came since it was called last; whether something did. */
    interface Source {
        boolean send(SseSink sink) throws LaunchException;
    }

    /** Ends all streams. */
    void end() {
        ended = true;
    }

    /** Streams until the client goes away, may not any more, or all ends. */
    Operation.Answer stream(Call call, Source source) throws LaunchException {
        String accepts = call.header("Accept");
        if (!accepts.isEmpty() && !accepts.contains("text/event-stream") && !accepts.contains("*/*")) {
            throw new Problem(406, "Not acceptable", "this is a stream of server-sent events")
                    .where("Accept")
                    .expected("text/event-stream");
        }
        if (!room.tryAcquire()) {
            throw new Problem(503, "Too many streams", "%d streams are open".formatted(MOST))
                    .advice("close one, or try again later");
        }
        try (SseSink sink = call.response().sink(SseSink.TYPE)) {
            run(call, sink, source);
        } finally {
            room.release();
        }
        return new Operation.Answer.Sent();
    }

    private void run(Call call, SseSink sink, Source source) throws LaunchException {
        sink.emit(comment());
        long told = System.nanoTime();
        while (!ended && call.isStillAllowed()) {
            if (source.send(sink)) {
                told = System.nanoTime();
            } else if (System.nanoTime() - told > ALIVE.toNanos()) {
                sink.emit(comment());
                told = System.nanoTime();
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static SseEvent comment() {
        return SseEvent.builder().comment("alive").build();
    }

    /** An event. */
    static SseEvent event(String name, long id, String data) {
        return SseEvent.builder().name(name).id(Long.toString(id)).data(data).build();
    }
}
