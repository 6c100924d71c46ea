package jsgx.launch.governor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditEvent.Kind;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.WorkloadQuota;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tokens that user space asks for by itself, and brings to EINIT later. */
class IssuedTokenTest {

    private static final Workload WEB = new Workload("web");

    private final EnclaveImage image = TestEnclaves.image(52);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
    private final String mrEnclave = ImageMeasurement.measure(image).mrEnclave();
    private final TokenIdentity identity = TokenIdentity.of(
            HexFormat.of().parseHex(mrEnclave),
            HexFormat.of().parseHex(TestPlatforms.OTHER_KEY.mrSigner()),
            new Attributes(Attributes.MODE64BIT, 3));
    private final List<AuditEvent> events = Collections.synchronizedList(new ArrayList<>());
    private final GovernorOptions options = GovernorOptions.defaults().withAudit(events::add);

    @Test
    void aTokenIsRecordedAndLaunches() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            IssuedToken issued = launcher.running().governor().issueToUserSpace(identity, WEB);

            assertThat(issued.verdict().effect()).isEqualTo(Effect.ALLOW);
            assertThat(issued.issue().source()).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(events).singleElement().satisfies(event -> {
                assertThat(event.kind()).isEqualTo(Kind.TOKEN);
                assertThat(event.verdict()).isEqualTo("issued");
                assertThat(event.workload()).isEqualTo("web");
                assertThat(event.mrEnclave()).isEqualTo(mrEnclave);
                assertThat(event.tokenSource()).isEqualTo("launch-enclave");
            });
            byte[] token = issued.issue().token();
            assertThat(launcher.launch(
                                    image,
                                    sigstruct,
                                    LaunchOptions.through(InterfaceKind.ISGX).withToken(token))
                            .launched())
                    .isTrue();
        }
    }

    @Test
    void theKernelsCacheHasItTheSecondTime() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPlacement(Placement.KERNEL))) {
            Governor governor = launcher.running().governor();
            byte[] first = governor.issueToUserSpace(identity, WEB).issue().token();
            IssuedToken second = governor.issueToUserSpace(identity, WEB);

            assertThat(second.issue().source()).isEqualTo(TokenSource.KERNEL_CACHE);
            assertThat(second.issue().token()).isEqualTo(first);
        }
    }

    @Test
    void aRevocationCountsWhatLeavesTheKernelsCacheAsItsPreviewDid() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPlacement(Placement.KERNEL))) {
            Governor governor = launcher.running().governor();
            governor.issueToUserSpace(identity, WEB);
            Revocation revocation = new Revocation.Enclave(mrEnclave);
            RevocationReport preview = governor.revoker().preview(revocation);

            assertThat(preview.purged()).containsEntry(TokenSource.KERNEL_CACHE.id(), 1L);
            assertThat(governor.revoker().revoke(revocation).purged()).isEqualTo(preview.purged());
        }
    }

    @Test
    void whatAnotherProcessRevokedLeavesTheKernelsCache() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPlacement(Placement.KERNEL))) {
            Governor governor = launcher.running().governor();
            governor.issueToUserSpace(identity, WEB);
            assertThat(governor.cache().count(any -> true)).isOne();
            Revocation.Signer signer = new Revocation.Signer(TestPlatforms.OTHER_KEY.mrSigner());
            // It reaches no cache of this process.
            new Revoker(options.revocations(), events::add, options.clock(), Map.of()).revoke(signer);

            assertThat(governor.issueToUserSpace(identity, WEB).verdict().effect())
                    .isEqualTo(Effect.REVOKED);
            assertThat(governor.cache().count(any -> true)).isZero();
        }
    }

    @Test
    void policyIsAskedForWhatIsKnownThen() throws Exception {
        LaunchPolicy policy = new LaunchPolicy() {
            @Override
            public PolicyVerdict judge(PolicySubject subject) {
                throw new AssertionError("EINIT's");
            }

            @Override
            public PolicyVerdict judgeToken(PolicySubject subject) {
                return new PolicyVerdict(Effect.DENY, "r", "policy.yaml:3", subject.workload(), 4);
            }
        };
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPolicy(policy))) {
            IssuedToken issued = launcher.running().governor().issueToUserSpace(identity, WEB);

            assertThat(issued.verdict().reason()).isEqualTo("web");
            assertThat(issued.issue()).isEqualTo(TokenIssue.NONE);
            assertThat(events).singleElement().satisfies(event -> {
                assertThat(event.verdict()).isEqualTo("refused");
                assertThat(event.code()).isEqualTo("POLICY_DENIED");
            });
        }
    }

    @Test
    void enclavesAndSignersAreRevokedAndProductsAreEinitsToRefuse() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            Governor governor = launcher.running().governor();
            String signer = TestPlatforms.OTHER_KEY.mrSigner();
            for (Revocation revocation : List.of(
                    new Revocation.Enclave(mrEnclave),
                    new Revocation.Signer(signer),
                    new Revocation.LaunchEnclaveSvn(2))) {
                governor.revoker().revoke(revocation);
                assertThat(governor.issueToUserSpace(identity, WEB).verdict().effect())
                        .as("%s", revocation)
                        .isEqualTo(Effect.REVOKED);
                governor.revoker().reinstate(revocation);
            }
            governor.revoker().revoke(new Revocation.Product(signer, 0, 9));
            IssuedToken issued = governor.issueToUserSpace(identity, WEB);
            assertThat(issued.verdict().effect()).isEqualTo(Effect.ALLOW);

            assertThat(launcher.launch(
                                    image,
                                    sigstruct,
                                    LaunchOptions.through(InterfaceKind.ISGX)
                                            .withToken(issued.issue().token()))
                            .code())
                    .as("the token is worth nothing where EINIT is refused")
                    .isEqualTo("POLICY_REVOKED");
        }
    }

    @Test
    void tokensAreCountedAtTheRateOfLaunchesAndApartFromThem() throws Exception {
        WorkloadQuota two = new WorkloadQuota(100, 1, 2, 0, Long.MAX_VALUE, Long.MAX_VALUE);
        QuotaTable quotas = new QuotaTable(two, Map.of());
        GovernorOptions frozen = options.withPolicy(PolicySource.of(LaunchPolicy.ALLOW_ALL, quotas))
                .withClocks(options.clock(), () -> 0);
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), frozen)) {
            Governor governor = launcher.running().governor();
            byte[] token = governor.issueToUserSpace(identity, WEB).issue().token();
            governor.issueToUserSpace(identity, WEB);

            assertThat(governor.issueToUserSpace(identity, WEB).verdict().effect())
                    .isEqualTo(Effect.QUOTA);
            assertThat(governor.issueToUserSpace(identity, new Workload("other"))
                            .verdict()
                            .effect())
                    .isEqualTo(Effect.ALLOW);
            assertThat(launcher.launch(
                                    image,
                                    sigstruct,
                                    LaunchOptions.through(InterfaceKind.ISGX).withToken(token))
                            .launched())
                    .isTrue();
        }
    }

    /** A policy whose second reading takes until it is let go. */
    private static final class SlowPolicy implements PolicySource {
        final CountDownLatch reading = new CountDownLatch(1);
        final CountDownLatch read = new CountDownLatch(1);
        final AtomicInteger reloads = new AtomicInteger();

        @Override
        public String reload(long revision) {
            if (reloads.incrementAndGet() == 2) {
                reading.countDown();
                await(read);
            }
            return "";
        }

        @Override
        public QuotaTable quotas() {
            return QuotaTable.UNLIMITED;
        }

        @Override
        public PolicyVerdict judge(PolicySubject subject) {
            return PolicyVerdict.allow("r", "", 0);
        }
    }

    @Test
    @Timeout(60)
    void whoChangesThePolicyReadsItAndNobodyWaitsForATokenMeanwhile() throws Exception {
        SlowPolicy slow = new SlowPolicy();
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPolicy(slow))) {
            Governor governor = launcher.running().governor();
            governor.issueToUserSpace(identity, WEB);
            Revoker revoker = governor.revoker();
            FutureTask<Long> change = new FutureTask<>(revoker::reload);
            Thread.ofVirtual().start(change);
            await(slow.reading);

            assertThat(governor.issueToUserSpace(identity, WEB).verdict().effect())
                    .isEqualTo(Effect.ALLOW);
            slow.read.countDown();
            change.get();
            governor.issueToUserSpace(identity, WEB);
            assertThat(slow.reloads).hasValue(2);
        }
    }

    /** Asks for a token while a change of the policy is being made that this process has not taken, and says how often the policy was read by then. */
    private int readsWhileAChangeIsBeingMade(Runnable meanwhile) throws Exception {
        SlowPolicy policy = new SlowPolicy();
        policy.read.countDown();
        CountDownLatch changing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        options.revocations().follow(() -> {
            changing.countDown();
            await(goOn);
        });
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPolicy(policy))) {
            Governor governor = launcher.running().governor();
            governor.issueToUserSpace(identity, WEB);
            Revoker revoker = governor.revoker();
            FutureTask<Long> change = new FutureTask<>(revoker::reload);
            Thread.ofVirtual().start(change);
            await(changing);
            meanwhile.run();

            governor.issueToUserSpace(identity, WEB);
            int reads = policy.reloads.get();
            goOn.countDown();
            change.get();
            assertThat(policy.reloads).hasValue(2);
            return reads;
        }
    }

    @Test
    @Timeout(60)
    void whoAsksWhileAChangeIsBeingMadeLeavesThePolicyToWhoMakesIt() throws Exception {
        assertThat(readsWhileAChangeIsBeingMade(() -> {})).isEqualTo(1);
    }

    @Test
    @Timeout(60)
    void whatAnotherProcessChangesMeanwhileIsNotLeftToAnybody() throws Exception {
        RevisionFile revisions = options.revocations().revisions();
        assertThat(readsWhileAChangeIsBeingMade(() -> revisions.raise(revisions.revision() + 1)))
                .isEqualTo(2);
    }

    @Test
    @Timeout(60)
    void aPolicyThatCannotBeTakenIsNoReasonNotToChangeIt() throws Exception {
        PolicySource broken = new PolicySource() {
            @Override
            public String reload(long revision) {
                throw new StackOverflowError("a policy that cannot be compiled");
            }

            @Override
            public QuotaTable quotas() {
                return QuotaTable.UNLIMITED;
            }

            @Override
            public PolicyVerdict judge(PolicySubject subject) {
                return PolicyVerdict.allow("r", "", 0);
            }
        };
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPolicy(broken))) {
            Revoker revoker = launcher.running().governor().revoker();
            long before = options.revocations().revisions().revision();
            assertThat(revoker.reload()).isEqualTo(before + 1);
        }
    }

    @Test
    @Timeout(60)
    void whatAnotherProcessChangedIsReadByOneWhoAsksAndNoOtherWaits() throws Exception {
        SlowPolicy slow = new SlowPolicy();
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withPolicy(slow))) {
            Governor governor = launcher.running().governor();
            governor.issueToUserSpace(identity, WEB);
            RevisionFile revisions = options.revocations().revisions();
            revisions.raise(revisions.revision() + 1);
            Thread reader = Thread.ofVirtual().start(() -> governor.issueToUserSpace(identity, WEB));
            await(slow.reading);

            assertThat(governor.issueToUserSpace(identity, WEB).verdict().effect())
                    .isEqualTo(Effect.ALLOW);
            slow.read.countDown();
            reader.join();
            assertThat(slow.reloads).hasValue(2);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatCannotBeRecordedIsNotIssued() throws Exception {
        GovernorOptions deaf = GovernorOptions.defaults().withAudit(event -> {
            throw new LaunchException("the disk is full");
        });
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), deaf)) {
            IssuedToken issued = launcher.running().governor().issueToUserSpace(identity, WEB);

            assertThat(issued.verdict().effect()).isEqualTo(Effect.UNAVAILABLE);
            assertThat(issued.verdict().reason()).contains("the disk is full");
            assertThat(issued.issue().token()).isEmpty();
        }
    }
}
