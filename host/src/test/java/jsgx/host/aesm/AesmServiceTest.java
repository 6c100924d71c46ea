package jsgx.host.aesm;

import static jsgx.host.aesm.Frames.filled;
import static jsgx.host.aesm.Frames.frame;
import static jsgx.host.aesm.Frames.hex;
import static jsgx.host.aesm.Frames.join;
import static jsgx.host.aesm.Frames.tokenFrame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import jsgx.arch.Vectors;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.peer.Identification;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostException;
import jsgx.host.service.LeftSocket;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.le.WhiteListCertificate;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a client of aesmd meets at the socket. */
@Timeout(60)
class AesmServiceTest {

    private static final byte[] REFUSED = hex("04 00 00 00 1A 02 08 06");
    private static final byte[] BUSY = hex("04 00 00 00 1A 02 08 12");
    private static final byte[] TOO_LATE = hex("04 00 00 00 1A 02 08 13");
    private static final byte[] STOPPED = hex("04 00 00 00 1A 02 08 11");
    private static final byte[] CANNOT_DECIDE = hex("04 00 00 00 1A 02 08 0F");
    private static final byte[] NO_MESSAGE = hex("05 00 00 00 A2 01 02 08 16");
    private static final byte[] WHITE_LIST_SIZE = hex("06 00 00 00 52 04 48 C0 84 3D");

    @Test
    void aTokenLaunchesItsEnclaveThroughIsgx() throws Exception {
        try (AesmHost host = AesmHost.start();
                AesmClient client = host.connect()) {
            byte[] token = AesmClient.token(client.ask(AesmHost.request()));

            LaunchResult result = host.launcher()
                    .launch(
                            AesmHost.IMAGE,
                            AesmHost.SIGSTRUCT,
                            LaunchOptions.through(InterfaceKind.ISGX).withToken(token));

            assertThat(result.launched()).as("%s", result).isTrue();
            assertThat(host.service().statistics().answers())
                    .containsEntry(new AesmStatistics.Answer("token", AesmError.SUCCESS, "allow"), 1L);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Effect.class,
            names = {"DENY", "REVOKED", "QUOTA"})
    void whatIsRefusedIsALicenseTokenError(Effect effect) throws Exception {
        GovernorOptions governance = GovernorOptions.defaults()
                .withPolicy(subject -> new PolicyVerdict(effect, "r", "policy.yaml:3", "no", 4));
        try (AesmHost host = AesmHost.start(governance);
                AesmClient client = host.connect()) {
            assertThat(client.ask(tokenFrame(1))).isEqualTo(REFUSED);
        }
    }

    @Test
    void whatCannotBeRecordedIsNotGranted() throws Exception {
        GovernorOptions governance = GovernorOptions.defaults().withAudit(event -> {
            throw new LaunchException("the disk is full");
        });
        try (AesmHost host = AesmHost.start(governance);
                AesmClient client = host.connect()) {
            assertThat(client.ask(tokenFrame(1))).isEqualTo(CANNOT_DECIDE);
        }
    }

    @Test
    void oneConnectionServesManyRequestsAndAlsoSeveralAtOnceAndInPieces() throws Exception {
        try (AesmHost host = AesmHost.start();
                AesmClient client = host.connect()) {
            client.send(join(tokenFrame(1), WHITE_LIST_SIZE, tokenFrame(2)));
            assertThat(AesmClient.token(client.answer())).contains(filled(32, 1));
            assertThat(client.answer()).isEqualTo(hex("04 00 00 00 52 02 08 01"));
            assertThat(AesmClient.token(client.answer())).contains(filled(32, 2));

            byte[] request = tokenFrame(3);
            for (byte one : request) {
                client.send(new byte[] {one});
            }
            assertThat(AesmClient.token(client.answer())).contains(filled(32, 3));
        }
    }

    @Test
    void whatIsNotServedIsAnsweredToo() throws Exception {
        try (AesmHost host = AesmHost.start();
                AesmClient client = host.connect()) {
            assertThat(client.ask(hex("02 00 00 00 0A 00"))).isEqualTo(hex("04 00 00 00 0A 02 08 1E"));
            assertThat(client.ask(hex("00 00 00 00"))).isEqualTo(hex("05 00 00 00 A2 01 02 08 28"));
            assertThat(client.ask(hex("01 00 00 00 0C"))).isEqualTo(NO_MESSAGE);
            assertThat(AesmClient.token(client.ask(tokenFrame(1)))).hasSize(304);
        }
    }

    @Test
    void aFrameThatIsTooLongIsAnsweredAndEndsTheConnection() throws Exception {
        try (AesmHost host = AesmHost.start()) {
            for (String length : List.of("01 00 01 00", "FF FF FF FF", "00 00 00 80")) {
                try (AesmClient client = host.connect()) {
                    assertThat(client.ask(hex(length))).isEqualTo(NO_MESSAGE);
                    assertThat(client.isClosed()).isTrue();
                }
            }
            try (AesmClient client = host.connect()) {
                assertThat(client.ask(frame(filled(AesmMessages.MAX_BODY, 0)))).isEqualTo(NO_MESSAGE);
                assertThat(AesmClient.token(client.ask(tokenFrame(1)))).hasSize(304);
            }
        }
    }

    @Test
    void whoWritesTooSlowlyIsClosedAndWhoIsSilentIsNot() throws Exception {
        UnaryOperator<AesmOptions> settings =
                options -> options.withWaiting(8, Duration.ofSeconds(5), Duration.ofMillis(200));
        try (AesmHost host = AesmHost.start(settings);
                AesmClient silent = host.connect();
                AesmClient slow = host.connect();
                AesmClient begun = host.connect()) {
            slow.send(hex("BE"));
            begun.send(join(tokenFrame(1), hex("BE 01 00 00 1A")));

            assertThat(slow.isClosed()).isTrue();
            assertThat(AesmClient.token(begun.answer())).hasSize(304);
            assertThat(begun.isClosed()).isTrue();
            assertThat(AesmClient.token(silent.ask(tokenFrame(1)))).hasSize(304);
            // A connection is counted when it is closed already.
            await(() -> host.service().statistics().stalledConnections() >= 2);
            assertThat(host.service().statistics().stalledConnections()).isEqualTo(2);
        }
    }

    @Test
    void whoDoesNotReadIsClosedAndHoldsUpNobody() throws Exception {
        UnaryOperator<AesmOptions> settings =
                options -> options.withWaiting(8, Duration.ofSeconds(5), Duration.ofMillis(200));
        try (AesmHost host = AesmHost.start(settings);
                AesmClient deaf = host.connect();
                AesmClient other = host.connect()) {
            Thread flood = Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        deaf.send(tokenFrame(1));
                    }
                } catch (java.io.IOException e) {
                    // It was closed.
                }
            });
            await(() -> host.service().statistics().stalledConnections() == 1);
            assertThat(AesmClient.token(other.ask(tokenFrame(2)))).hasSize(304);
            flood.join();
        }
    }

    @Test
    void moreThanMayWaitAreToldSo() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        UnaryOperator<AesmOptions> settings =
                options -> options.withThreads(2).withWaiting(1, Duration.ofSeconds(30), Duration.ofSeconds(30));
        try (AesmHost host = AesmHost.start(AesmHost.ONE, settings, blocking(1, busy, go));
                AesmClient first = host.connect();
                AesmClient second = host.connect();
                AesmClient third = host.connect();
                AesmClient fourth = host.connect()) {
            await(() -> host.service().statistics().connections().getOrDefault("uid:7", 0) == 4);
            first.send(tokenFrame(1));
            await(busy);
            List<AesmClient> others = List.of(second, third, fourth);
            for (AesmClient client : others) {
                client.send(tokenFrame(2));
            }
            go.countDown();

            assertThat(first.answer()).hasSize(316);
            List<byte[]> answers = new ArrayList<>();
            for (AesmClient client : others) {
                answers.add(client.answer());
            }
            assertThat(answers).filteredOn(answer -> answer.length == 316).hasSize(1);
            assertThat(answers)
                    .filteredOn(answer -> Arrays.equals(answer, BUSY))
                    .hasSize(2);
        }
    }

    @Test
    void aTimeThatIsOverIsSaidThoughAllThreadsAreBusy() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        UnaryOperator<AesmService.Issuer> issuer = real -> blocking(2, new CountDownLatch(1), goOn)
                .apply(blocking(1, busy, go).apply(real));
        try (AesmHost host = AesmHost.start(AesmHost.ONE, options -> options.withThreads(2), issuer);
                AesmClient first = host.connect();
                AesmClient second = host.connect();
                AesmClient hurried = host.connect()) {
            await(() -> host.service().statistics().connections().getOrDefault("uid:7", 0) == 3);
            first.send(tokenFrame(1));
            await(busy);
            second.send(tokenFrame(2));
            hurried.send(Frames.tokenFrameInAHurry(100));
            go.countDown();

            assertThat(first.answer()).hasSize(316);
            assertThat(hurried.answer()).isEqualTo(TOO_LATE);
            goOn.countDown();
            assertThat(second.answer()).hasSize(316);
        }
    }

    @Test
    void workloadsHaveTheirTurnsHoweverManyRequestsOneHas() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        List<String> served = new CopyOnWriteArrayList<>();
        AtomicReference<String> who = new AtomicReference<>("storm");
        Identification peers = connection -> new Peer(1, 7, 7, new Workload(who.get()));
        UnaryOperator<AesmService.Issuer> issuer = real -> (identity, workload) -> {
            await(go);
            served.add(workload.name());
            return real.issue(identity, workload);
        };
        UnaryOperator<AesmOptions> patient =
                options -> options.withThreads(2).withWaiting(1024, Duration.ofMinutes(1), AesmOptions.STALL);
        try (AesmHost host = AesmHost.start(peers, patient, issuer)) {
            List<AesmClient> storm = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                storm.add(host.connect());
            }
            await(() -> host.service().statistics().connections().getOrDefault("storm", 0) == 100);
            for (AesmClient client : storm) {
                client.send(tokenFrame(1));
            }
            who.set("quiet");
            try (AesmClient quiet = host.connect()) {
                quiet.send(tokenFrame(2));
                await(() -> host.service().statistics().connections().containsKey("quiet"));
                go.countDown();
                assertThat(quiet.answer()).hasSize(316);
                for (AesmClient client : storm) {
                    assertThat(client.answer()).hasSize(316);
                    client.close();
                }
            }
            assertThat(served.indexOf("quiet"))
                    .as("turns before the quiet one's: %s", served)
                    .isLessThanOrEqualTo(3);
        }
    }

    @Test
    void aUserHasSoManyConnectionsAndNoMore() throws Exception {
        AtomicReference<Integer> uid = new AtomicReference<>(7);
        Identification peers = connection -> {
            int now = uid.get();
            return new Peer(1, now, now, new Workload("uid:" + now));
        };
        try (AesmHost host = AesmHost.start(peers, options -> options.withConnections(2, 3), issuer -> issuer);
                AesmClient two = host.connect()) {
            AesmClient one = host.connect();
            assertThat(one.ask(tokenFrame(1))).hasSize(316);
            assertThat(two.ask(tokenFrame(1))).hasSize(316);
            try (AesmClient three = host.connect()) {
                assertThat(three.isClosed()).isTrue();
            }
            uid.set(8);
            try (AesmClient other = host.connect()) {
                assertThat(other.ask(tokenFrame(1))).hasSize(316);
                try (AesmClient four = host.connect()) {
                    assertThat(four.isClosed()).isTrue();
                }
            }
            await(() -> !host.service().statistics().connections().containsKey("uid:8"));
            uid.set(7);
            one.close();
            await(() -> host.service().statistics().connections().getOrDefault("uid:7", 0) == 1);
            try (AesmClient again = host.connect()) {
                assertThat(again.ask(tokenFrame(1))).hasSize(316);
            }
            assertThat(host.service().statistics().refusedConnections()).isEqualTo(2);
        }
    }

    @Test
    void theEndAnswersWhatWaits() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        try (AesmHost host = AesmHost.start(AesmHost.ONE, options -> options.withThreads(2), blocking(1, busy, go));
                AesmClient client = host.connect()) {
            client.send(join(tokenFrame(1), tokenFrame(2)));
            await(busy);
            Thread stop = Thread.ofVirtual().start(() -> host.service().stop(Duration.ofSeconds(30)));
            await(() -> !host.service().trouble().isEmpty());
            go.countDown();

            assertThat(client.answer()).as("what is under way is finished").hasSize(316);
            assertThat(client.answer())
                    .as("what was read is finished too, or said to be not")
                    .satisfiesAnyOf(
                            answer -> assertThat(answer).hasSize(316),
                            answer -> assertThat(answer).isEqualTo(STOPPED));
            stop.join();
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void aRequestThatComesDuringTheEndIsAnsweredToo() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch busy = new CountDownLatch(1);
        try (AesmHost host = AesmHost.start(AesmHost.ONE, options -> options.withThreads(2), blocking(1, busy, go));
                AesmClient client = host.connect();
                AesmClient late = host.connect()) {
            assertThat(late.ask(WHITE_LIST_SIZE)).isEqualTo(hex("04 00 00 00 52 02 08 01"));
            client.send(tokenFrame(1));
            await(busy);
            Thread stop =
                    Thread.ofPlatform().daemon().start(() -> host.service().stop(Duration.ofSeconds(30)));
            // It reads no more, and waits for what is under way.
            await(() -> stop.getState() == Thread.State.TIMED_WAITING);
            late.send(Frames.join(WHITE_LIST_SIZE, WHITE_LIST_SIZE));
            go.countDown();

            assertThat(client.answer()).hasSize(316);
            // A thread that looked for requests just before the end may answer one as ever.
            for (int i = 0; i < 2; i++) {
                assertThat(late.answer()).isIn(hex("04 00 00 00 52 02 08 11"), hex("04 00 00 00 52 02 08 01"));
            }
            stop.join();
            assertThat(late.isClosed()).isTrue();
        }
    }

    @Test
    void whateverOneConnectionMeetsOthersAreAccepted() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        Identification once = connection -> {
            if (asked.getAndIncrement() == 0) {
                throw new IllegalStateException("what nobody expects");
            }
            return AesmHost.ONE.identify(connection);
        };
        try (AesmHost host = AesmHost.start(once, UnaryOperator.identity(), UnaryOperator.identity())) {
            try (AesmClient unlucky = host.connect()) {
                assertThat(unlucky.isClosed()).isTrue();
            }
            try (AesmClient next = host.connect()) {
                assertThat(next.ask(tokenFrame(1))).hasSize(316);
            }
            assertThat(host.service().statistics().refusedConnections()).isEqualTo(1);
        }
    }

    @Test
    void aSocketOfALiveServiceIsLeftAloneAndOneThatWasLeftIsTaken() throws Exception {
        try (AesmHost host = AesmHost.start()) {
            AesmService second = service(host.socket());

            assertThatThrownBy(second::start)
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining("somebody listens at " + host.socket());
            assertThat(second.trouble()).isNotEmpty();
            try (AesmClient client = host.connect()) {
                assertThat(client.ask(tokenFrame(1))).hasSize(316);
            }
            host.service().stop(Duration.ZERO);
            assertThat(host.socket()).doesNotExist();

            LeftSocket.at(host.socket());
            assertThat(host.socket()).exists();
            second.start();
            try (AesmClient client = host.connect()) {
                assertThat(client.ask(hex("02 00 00 00 0A 00"))).isEqualTo(hex("04 00 00 00 0A 02 08 1E"));
            }
            second.stop(Duration.ZERO);
        }
    }

    @Test
    void aWhiteListThatIsNoneIsSaidAtTheStart() throws Exception {
        Path file = Files.createTempFile("ja", ".cert");
        try {
            Files.write(file, filled(440, 1));
            AesmService service = new AesmService(
                    AesmOptions.at(Path.of("/nowhere"), Durability.ASYNC)
                            .withWhiteList(file, WhiteListCertificate.intel()),
                    (identity, workload) -> {
                        throw new AssertionError("nobody asks");
                    },
                    AesmHost.ONE);

            assertThatThrownBy(service::start)
                    .isInstanceOf(HostException.class)
                    .hasMessageContaining(file + " is no white list")
                    .hasMessageContaining("offset 0x0");
        } finally {
            Files.delete(file);
        }
    }

    private static AesmService service(Path socket) {
        return new AesmService(
                AesmOptions.at(socket, Durability.ASYNC),
                (identity, workload) -> {
                    throw new AssertionError("nobody asks");
                },
                AesmHost.ONE);
    }

    @Test
    void theWhiteListIsTheOperatorsFile() throws Exception {
        UnaryOperator<AesmOptions> settings = options ->
                options.withWhiteList(Vectors.path("intel-white-list-v4.cert"), WhiteListCertificate.intel());
        try (AesmHost host = AesmHost.start(settings);
                AesmClient client = host.connect()) {
            assertThat(client.ask(WHITE_LIST_SIZE)).isEqualTo(hex("07 00 00 00 52 05 08 00 10 B8 03"));
            assertThat(client.ask(frame(hex("5A 03 08 B8 03"))))
                    .isEqualTo(join(
                            hex("C0 01 00 00 5A BD 03 08 00 12 B8 03"), Vectors.bytes("intel-white-list-v4.cert")));
            assertThat(client.ask(frame(hex("5A 03 08 B7 03"))))
                    .as("another size")
                    .isEqualTo(hex("04 00 00 00 5A 02 08 03"));
        }
    }

    /** An issuer that keeps whoever asks for this enclave waiting. */
    private static UnaryOperator<AesmService.Issuer> blocking(int enclave, CountDownLatch busy, CountDownLatch go) {
        return real -> (identity, workload) -> {
            if (identity.isEnclave(filled(32, enclave))) {
                busy.countDown();
                await(go);
            }
            return real.issue(identity, workload);
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(2);
        }
    }
}
