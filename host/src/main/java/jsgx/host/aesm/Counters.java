package jsgx.host.aesm;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import jsgx.host.aesm.AesmStatistics.Answer;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.jspecify.annotations.Nullable;

/** Counts answers; nobody waits for it. */
final class Counters {

    /** An answer before it has names. */
    private record Key(
            Class<? extends AesmRequest> request,
            AesmError error,
            @Nullable Effect effect) {}

    private final ConcurrentHashMap<Key, LongAdder> answers = new ConcurrentHashMap<>();
    private final Latencies launchEnclave = new Latencies();
    final LongAdder refused = new LongAdder();
    final LongAdder stalled = new LongAdder();

    void answered(AesmRequest request, AesmError error, @Nullable Effect effect) {
        answers.computeIfAbsent(new Key(request.getClass(), error, effect), key -> new LongAdder())
                .increment();
    }

    void asked(long nanos) {
        launchEnclave.add(nanos);
    }

    AesmStatistics snapshot(@Nullable Lanes lanes) {
        Map<Answer, Long> counts = new HashMap<>();
        answers.forEach((key, count) -> counts.merge(answer(key), count.sum(), Long::sum));
        return new AesmStatistics(
                counts,
                launchEnclave.snapshot(),
                lanes == null ? Map.of() : lanes.waiting(),
                lanes == null ? Map.of() : lanes.connections(),
                refused.sum(),
                stalled.sum());
    }

    private static Answer answer(Key key) {
        String request;
        if (key.request() == AesmRequest.LaunchToken.class) {
            request = "token";
        } else if (key.request() == AesmRequest.WhiteListSize.class) {
            request = "white-list-size";
        } else {
            request = key.request() == AesmRequest.WhiteList.class ? "white-list" : "other";
        }
        Effect effect = key.effect();
        return new Answer(
                request, key.error(), effect == null ? "" : effect.name().toLowerCase(Locale.ROOT));
    }
}
