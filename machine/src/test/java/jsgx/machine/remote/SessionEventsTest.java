package jsgx.machine.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.machine.event.SgxEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionEventsTest {

    private static final int MOST = 10;

    private interface Body {
        void with(SessionEvents events, Allowance allowance) throws Exception;
    }

    private static void with(Body body) throws Exception {
        Allowance allowance = new Allowance(new Allowance.Limits(1, 1, 1, 1, MOST), Duration.ofSeconds(5));
        SessionLanes lanes = new SessionLanes(allowance);
        try {
            body.with(
                    new SessionEvents(
                            EnumSet.allOf(SgxEvent.Kind.class), init -> new byte[0], List::of, allowance, lanes),
                    allowance);
        } finally {
            lanes.closeOthers();
            lanes.close();
        }
    }

    private static SgxEvent ioctl(long enclave) {
        return new SgxEvent.Ioctl(1, 1, enclave, "/dev/sgx", "ENCLAVE_CREATE", new LinkedHashMap<>(), 0, 0, null, null);
    }

    @Test
    void enclavesThatAreGoneAreForgotten() throws Exception {
        with((events, allowance) -> {
            for (int enclave = 1; enclave <= 1000; enclave++) {
                events.event(ioctl(enclave));
            }
            assertThat(events.remembered()).isLessThan(65);
        });
    }

    @Test
    void anEnclaveThatIsMadeWhileTheGoneAreLookedForIsNoneOfThem() throws Exception {
        Allowance allowance = new Allowance(new Allowance.Limits(1, 1, 1, 1, MOST), Duration.ofSeconds(5));
        SessionLanes lanes = new SessionLanes(allowance);
        try {
            AtomicReference<@Nullable SessionEvents> all = new AtomicReference<>();
            SessionEvents events = new SessionEvents(
                    EnumSet.allOf(SgxEvent.Kind.class),
                    init -> new byte[0],
                    () -> {
                        SessionEvents these = Objects.requireNonNull(all.get());
                        Thread.ofPlatform().daemon().start(() -> these.event(ioctl(5000)));
                        while (these.remembered() < 65) {
                            Thread.onSpinWait();
                        }
                        return List.of();
                    },
                    allowance,
                    lanes);
            all.set(events);
            for (int enclave = 1; enclave <= 64; enclave++) {
                events.event(ioctl(enclave));
            }
            assertThat(events.remembered()).as("that one alone").isEqualTo(1);
        } finally {
            lanes.closeOthers();
            lanes.close();
        }
    }

    @Test
    void moreEventsThanTheUserMayHaveWaitingAreLostAndTheRestIsGivenBack() throws Exception {
        with((events, allowance) -> {
            events.event(ioctl(1));
            for (int page = 0; page < 3 * MOST; page++) {
                events.moved(1, page * 4096L, true);
            }
            assertThat(allowance.taken(Allowance.Resource.EVENTS)).isEqualTo(MOST);
            events.close();
            assertThat(allowance.isUntouched()).isTrue();
            events.moved(1, 0, true);
            assertThat(allowance.isUntouched()).as("after the end").isTrue();
        });
    }
}
