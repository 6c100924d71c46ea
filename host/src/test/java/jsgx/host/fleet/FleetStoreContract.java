package jsgx.host.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a fleet's store promises, whichever it is. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class FleetStoreContract {

    private static final Revocation ONE = new Revocation.Signer("1".repeat(64));
    private static final Revocation TWO = new Revocation.Product("2".repeat(64), 7, 3);
    private static final Revocation THREE = new Revocation.LaunchEnclaveSvn(4);

    /** The store, in which there is nothing yet. */
    abstract FleetStore store() throws Exception;

    /** A host whose trail it may take. */
    abstract TestHost host() throws Exception;

    @Test
    void revocationsAreAddedUnderRisingRevisions() throws Exception {
        FleetStore store = store();
        long before = store.revision().revision();

        long first = store.revoke(List.of(ONE), "a");
        long second = store.revoke(List.of(TWO, THREE), "b");

        assertThat(before).isLessThan(first);
        assertThat(first).isLessThan(second);
        FleetRevocations found = store.revocations();
        assertThat(found.revision()).isGreaterThanOrEqualTo(second);
        assertThat(found.entries())
                .extracting(FleetRevocations.Entry::revocation)
                .containsExactlyInAnyOrder(ONE, TWO, THREE);
        assertThat(found.entries())
                .filteredOn(entry -> entry.revocation().equals(ONE))
                .singleElement()
                .satisfies(entry -> assertThat(entry.revision()).isEqualTo(first));
    }

    @Test
    void revokedTwiceIsRevokedOnce() throws Exception {
        FleetStore store = store();
        long first = store.revoke(List.of(ONE), "a");

        assertThat(store.revoke(List.of(ONE), "a")).isEqualTo(first);
        assertThat(store.revocations().entries()).hasSize(1);
    }

    @Test
    void reinstatedIsGoneAndTwiceIsNothing() throws Exception {
        FleetStore store = store();
        long revoked = store.revoke(List.of(ONE, TWO), "a");

        long reinstated = store.reinstate(ONE, revoked);

        assertThat(reinstated).isGreaterThan(revoked);
        assertThat(store.reinstate(ONE, revoked)).isEqualTo(reinstated);
        assertThat(store.revocations().entries())
                .extracting(FleetRevocations.Entry::revocation)
                .containsExactly(TWO);
    }

    @Test
    void whatWasRevokedSinceStays() throws Exception {
        FleetStore store = store();
        long seen = store.revision().revision();
        store.revoke(List.of(ONE), "a");

        assertThatThrownBy(() -> store.reinstate(ONE, seen))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("revoked again at revision");
        assertThat(store.revocations().entries()).hasSize(1);
    }

    @Test
    void revokersAtOnceLoseNothing() throws Exception {
        FleetStore store = store();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int base = t * 10;
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                    for (int i = 0; i < 10; i++) {
                        store.revoke(List.of(new Revocation.Signer("%064x".formatted(base + i))), "host-" + base);
                    }
                } catch (LaunchException | InterruptedException e) {
                    throw new AssertionError(e);
                }
            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(store.revocations().entries()).hasSize(40);
        assertThat(store.revocations().entries().stream().map(FleetRevocations.Entry::revision))
                .as("each has a revision of its own")
                .doesNotHaveDuplicates();
    }

    @Test
    void thePolicyIsTheLastThatWasInstalled() throws Exception {
        FleetStore store = store();
        assertThat(store.policy()).isEmpty();
        assertThat(store.revision().policy()).isZero();

        long first = store.install(policy(1), false);
        long second = store.install(policy(2), false);

        assertThat(second).isGreaterThan(first);
        assertThat(store.revision().policy()).isEqualTo(second);
        assertThat(store.policy()).hasValueSatisfying(found -> {
            assertThat(found.sequence()).isEqualTo(2);
            assertThat(found.content()).isEqualTo(policy(2).content());
        });
    }

    @Test
    void anEarlierPolicyIsRefusedUnlessThatIsAccepted() throws Exception {
        FleetStore store = store();
        store.install(policy(9), false);

        assertThatThrownBy(() -> store.install(policy(8), false))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("9 or more")
                .hasMessageContaining("--accept-rollback");
        assertThat(store.policy().orElseThrow().sequence()).isEqualTo(9);

        store.install(policy(8), true);
        assertThat(store.policy().orElseThrow().sequence()).isEqualTo(8);
    }

    @Test
    void aTokenIsFoundByWhereItWasMadeAndByNothingElse() throws Exception {
        FleetStore store = store();
        TokenOrigin here = new TokenOrigin("ab".repeat(16), "cd".repeat(32));
        TokenOrigin elsewhere = new TokenOrigin("ef".repeat(16), "cd".repeat(32));
        TokenOrigin rotated = new TokenOrigin("ab".repeat(16), "01".repeat(32));
        StoredToken token = TestTokens.token("loader", here, 1);

        assertThat(store.token(here, "loader")).isEmpty();
        assertThat(store.keep(token, store.revision().revision())).isTrue();

        assertThat(store.token(here, "loader")).contains(token);
        assertThat(store.token(elsewhere, "loader")).isEmpty();
        assertThat(store.token(rotated, "loader")).isEmpty();
        assertThat(store.token(here, "other")).isEmpty();
    }

    @Test
    void aTokenOfAnOlderRevisionIsNotKept() throws Exception {
        FleetStore store = store();
        TokenOrigin here = new TokenOrigin("ab".repeat(16), "cd".repeat(32));
        long before = store.revision().revision();
        store.revoke(List.of(ONE), "a");

        assertThat(store.keep(TestTokens.token("loader", here, 1), before)).isFalse();
        assertThat(store.token(here, "loader")).isEmpty();
    }

    @Test
    void revokedTokensArePurged() throws Exception {
        FleetStore store = store();
        TokenOrigin here = new TokenOrigin("ab".repeat(16), "cd".repeat(32));
        for (int i = 0; i < 5; i++) {
            store.keep(
                    TestTokens.token("loader-" + i, here, i), store.revision().revision());
        }
        assertThat(store.purge("ef".repeat(16), token -> true))
                .as("of another platform")
                .isZero();

        assertThat(store.purge(here.platform(), token -> token.label().endsWith("3")))
                .isEqualTo(1);

        assertThat(store.token(here, "loader-3")).isEmpty();
        assertThat(store.token(here, "loader-2")).isPresent();
    }

    @Test
    void theStreamHasATrailOnce() throws Exception {
        FleetStore store = store();
        TestHost host = host();
        for (int i = 0; i < 30; i++) {
            host.governance.options().audit().record(TestEvents.event("record-" + i));
        }
        TestHost.until("all are written", () -> host.trail().size() > 30);
        FleetTrail trail = new FleetTrail(host.running.platform().id(), host.name, "ab".repeat(32));
        List<AuditEntry> all = host.trail();
        stream(store, trail, all.subList(0, 10));
        stream(store, trail, all.subList(0, 20));
        // An answer that was lost: the same once more.
        store.append(trail, anchor(all.get(9)), all.subList(10, 20));
        // Somebody who is behind.
        store.append(trail, new AuditAnchor(0, ""), all.subList(0, 5));
        stream(store, trail, all);

        assertThat(store.cursor(trail)).isEqualTo(anchor(all.getLast()));
        List<FleetRecord> found = new ArrayList<>();
        String position = "";
        for (List<FleetRecord> page = store.read(position, 7); !page.isEmpty(); page = store.read(position, 7)) {
            assertThat(page).hasSizeLessThanOrEqualTo(7);
            found.addAll(page);
            position = page.getLast().position();
        }
        assertThat(found).extracting(FleetRecord::entry).containsExactlyElementsOf(all);
        assertThat(found).allSatisfy(each -> assertThat(each.host()).isEqualTo(host.name));
    }

    @Test
    void hostsTellOfThemselves() throws Exception {
        FleetStore store = store();
        FleetHost told = new FleetHost("ab".repeat(16), "alpha", 4, 100, 20, "ok", Instant.EPOCH);
        store.tell(told);

        assertThat(store.hosts()).singleElement().satisfies(found -> {
            assertThat(found.platform()).isEqualTo(told.platform());
            assertThat(found.name()).isEqualTo("alpha");
            assertThat(found.revision()).isEqualTo(4);
            assertThat(found.auditNumber()).isEqualTo(100);
        });
    }

    private static void stream(FleetStore store, FleetTrail trail, List<AuditEntry> entries) throws LaunchException {
        AuditAnchor at = store.cursor(trail);
        List<AuditEntry> rest =
                entries.stream().filter(each -> each.number() > at.number()).toList();
        if (!rest.isEmpty()) {
            assertThat(store.append(trail, at, rest)).isEqualTo(anchor(rest.getLast()));
        }
    }

    private static AuditAnchor anchor(AuditEntry entry) {
        return new AuditAnchor(entry.number(), entry.hash());
    }

    private static FleetPolicy policy(long sequence) {
        String text = """
                version: 1
                sequence: %d
                default: allow
                """.formatted(sequence);
        return new FleetPolicy(0, sequence, 0, text.getBytes(StandardCharsets.UTF_8), Map.of(), Instant.EPOCH, "alpha");
    }
}
