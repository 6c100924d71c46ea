package jsgx.launch.governor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.Launcher;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditEvent.Kind;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.Scheme;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.WorkloadQuota;
import jsgx.launch.store.SharedTokens;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a launch meets before EINIT and after it. */
class GovernorTest {

    private final EnclaveImage image = TestEnclaves.image(51);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
    private final List<AuditEvent> events = Collections.synchronizedList(new ArrayList<>());
    private final GovernorOptions options = GovernorOptions.defaults().withAudit(events::add);

    @ParameterizedTest
    @EnumSource
    void aLaunchIsRecordedAsIntentAndOutcomeUnderOneId(InterfaceKind kind) throws Exception {
        LaunchResult result = launch(options, kind);

        assertThat(result.launched()).as("%s", result).isTrue();
        assertThat(events).extracting(AuditEvent::kind).containsExactly(Kind.INTENT, Kind.OUTCOME);
        assertThat(events).extracting(AuditEvent::verdict).containsExactly("allow", "launched");
        assertThat(events).extracting(AuditEvent::id).allMatch(events.getFirst().id()::equals);
        assertThat(events.getLast().code()).isEqualTo("SGX_SUCCESS");
        assertThat(events.getLast().mrSigner()).isEqualTo(TestPlatforms.OTHER_KEY.mrSigner());
    }

    @ParameterizedTest
    @EnumSource
    void policyRefusesOnEachInterfaceBeforeAnyTokenIsLookedAt(InterfaceKind kind) throws Exception {
        LaunchResult result = launch(
                options.withPolicy(
                        subject -> new PolicyVerdict(Effect.DENY, "no-test", "policy.yaml:3", "tests stay out", 4)),
                kind);

        assertThat(result.stage()).isEqualTo(Stage.POLICY);
        assertThat(result.code()).isEqualTo("POLICY_DENIED");
        assertThat(result.ioctlResult()).isEqualTo(-13);
        assertThat(result.explanation().where()).contains("\"no-test\", policy.yaml:3");
        assertThat(result.explanation().found()).isEqualTo("tests stay out");
        assertThat(events).singleElement().satisfies(event -> {
            assertThat(event.kind()).isEqualTo(Kind.OUTCOME);
            assertThat(event.code()).isEqualTo("POLICY_DENIED");
            assertThat(event.rule()).isEqualTo("no-test");
        });
    }

    /** Its user says it, as often and as long as it likes, and everybody's audit trail keeps it. */
    @Test
    void whatAPolicyOfOnesOwnRefusesCountsAsLaunchedAndIsRecordedShort() throws Exception {
        Policy own = PolicyFile.parse(
                "own",
                "version: 1\ndefault: allow\nrules:\n  - {name: %s, effect: deny, reason: %s, mrsigner: %s}\n"
                        .formatted("n".repeat(1000), "r".repeat(10_000), TestPlatforms.OTHER_KEY.mrSigner()));
        Policy once = PolicyFile.parse(
                "host", "version: 1\ndefault: allow\nquotas: {default: {launchesPerSecond: 0.0001, launchBurst: 1}}\n");
        try (Launcher launcher =
                Launcher.on(TestPlatforms.platform(), options.withPolicy(PolicySource.of(once, once.quotas())))) {
            for (String code : List.of("POLICY_DENIED", "POLICY_QUOTA")) {
                LaunchResult result = OwnPolicy.during(own, () -> launch(launcher, InterfaceKind.MAINLINE));
                assertThat(result.code()).isEqualTo(code);
            }
        }
        assertThat(events).hasSize(2).allSatisfy(event -> {
            assertThat(event.rule()).hasSizeLessThanOrEqualTo(256);
            assertThat(event.reason()).hasSizeLessThanOrEqualTo(256);
        });
    }

    @Test
    void policyRefusesWhereThereIsNoLaunchEnclaveAtAll() throws Exception {
        var locked = TestPlatforms.platform().withFeatures(jsgx.arch.CpuFeatures.SGX1);
        try (Launcher launcher = Launcher.on(
                locked, options.withPolicy(subject -> new PolicyVerdict(Effect.DENY, "r", "p:1", "no", 1)))) {
            LaunchResult result = launcher.launch(
                    image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX).withToken(new byte[304]));

            assertThat(result.code()).isEqualTo("POLICY_DENIED");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRevokedEnclaveIsRefusedOnEachInterface(InterfaceKind kind) throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            assertThat(launch(launcher, kind).launched()).isTrue();
            Revocation signer = new Revocation.Signer(TestPlatforms.OTHER_KEY.mrSigner());
            launcher.running().governor().revoker().revoke(signer);

            LaunchResult revoked = launch(launcher, kind);
            assertThat(revoked.code()).isEqualTo("POLICY_REVOKED");
            assertThat(revoked.stage()).isEqualTo(Stage.POLICY);
            assertThat(revoked.explanation().found()).contains(signer.toString());

            launcher.running().governor().revoker().reinstate(signer);
            assertThat(launch(launcher, kind).launched()).isTrue();
            assertThat(events)
                    .filteredOn(event -> event.kind() == Kind.REVOCATION)
                    .extracting(AuditEvent::verdict)
                    .containsExactly("revoke", "reinstate");
        }
    }

    @Test
    void tokensOfARevokedLaunchEnclaveAreRefusedWhoeverBringsThem() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            byte[] token = launch(launcher, InterfaceKind.ISGX).token().bytes();
            launcher.running().governor().revoker().revoke(new Revocation.LaunchEnclaveSvn(2));

            LaunchResult callers = launcher.launch(
                    image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX).withToken(token));
            assertThat(callers.code()).isEqualTo("POLICY_REVOKED");
            assertThat(launch(launcher, InterfaceKind.V5).code()).isEqualTo("POLICY_REVOKED");
            assertThat(launch(launcher, InterfaceKind.MAINLINE).launched())
                    .as("it needs no token")
                    .isTrue();
        }
    }

    @Test
    void aRevocationNamesTheEnclavesThatRun() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            Governor governor = launcher.running().governor();
            Revocation revocation = new Revocation.Enclave(mrEnclave());
            try (EnclaveLoader loader = initialised(launcher, "web")) {
                RevocationReport report = governor.revoker().revoke(revocation);

                assertThat(loader.base()).isPositive();
                assertThat(report.waitedFor()).isEmpty();
                assertThat(report.running()).singleElement().satisfies(entry -> {
                    assertThat(entry.workload()).isEqualTo("web");
                    assertThat(entry.pid()).isEqualTo(ProcessHandle.current().pid());
                });
            }
            assertThat(governor.launches()).as("released").isEmpty();
        }
    }

    @Test
    void powerLossEndsWhatRuns() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options);
                EnclaveLoader loader = initialised(launcher, "web")) {
            assertThat(launcher.running().governor().launches()).hasSize(1);
            launcher.running().powerLoss();
            assertThat(loader.base()).isPositive();
            assertThat(launcher.running().governor().launches()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeRecordedBeforehandIsNotLaunched(InterfaceKind kind) throws Exception {
        LaunchResult result = launch(options.withAudit(failing(Kind.INTENT)), kind);

        assertThat(result.code()).isEqualTo("POLICY_UNAVAILABLE");
        assertThat(result.explanation().found()).contains("the disk is full");
    }

    @ParameterizedTest
    @EnumSource
    void anEnclaveWhoseOutcomeCannotBeRecordedIsTornDown(InterfaceKind kind) throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withAudit(failing(Kind.OUTCOME)))) {
            LaunchResult result = launch(launcher, kind);

            assertThat(result.launched()).isFalse();
            assertThat(result.code()).isEqualTo("POLICY_UNAVAILABLE");
            assertThat(result.explanation().found()).contains("outcome could not be recorded: the disk is full");
            assertThat(launcher.running().governor().launches()).isEmpty();
        }
    }

    @Test
    void aPolicyThatChangesBetweenJudgementAndEinitIsAskedAgain() throws Exception {
        RevocationFile revocations = RevocationFile.inMemory(Revocations.NONE);
        Revocation enclave = new Revocation.Enclave(mrEnclave());
        AuditTrail revoking = event -> {
            events.add(event);
            if (event.kind() == Kind.INTENT) {
                revocations.add(enclave, Instant.EPOCH);
            }
        };
        LaunchResult result = launch(options.withAudit(revoking).withRevocations(revocations), InterfaceKind.V5);

        assertThat(result.code()).isEqualTo("POLICY_REVOKED");
        assertThat(events).extracting(AuditEvent::verdict).containsExactly("allow", "refused");
    }

    @ParameterizedTest
    @EnumSource
    void aHostThatLostItsFleetLaunchesNothingAndIssuesNothing(InterfaceKind kind) throws Exception {
        AtomicReference<String> refusal = new AtomicReference<>("nothing was heard");
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options.withFleet(new TestFleet(refusal)))) {
            LaunchResult refused = launch(launcher, kind);
            assertThat(refused.code()).isEqualTo("POLICY_UNAVAILABLE");
            assertThat(refused.explanation().found()).contains("nothing was heard");
            TokenIdentity identity =
                    TokenIdentity.of(new byte[32], new byte[32], new Attributes(Attributes.MODE64BIT, 3));
            assertThat(launcher.running()
                            .governor()
                            .issueToUserSpace(identity, new Workload("web"))
                            .verdict()
                            .effect())
                    .isEqualTo(Effect.UNAVAILABLE);

            refusal.set("");
            assertThat(launch(launcher, kind).launched()).isTrue();
        }
    }

    @Test
    void aFleetThatIsLostBetweenJudgementAndEinitIsSeen() throws Exception {
        AtomicReference<String> refusal = new AtomicReference<>("");
        AuditTrail losing = event -> {
            events.add(event);
            if (event.kind() == Kind.INTENT) {
                refusal.set("nothing was heard");
            }
        };
        LaunchResult result = launch(options.withAudit(losing).withFleet(new TestFleet(refusal)), InterfaceKind.V5);

        assertThat(result.code()).isEqualTo("POLICY_UNAVAILABLE");
        assertThat(events).extracting(AuditEvent::verdict).containsExactly("allow", "refused");
    }

    @Test
    void whatTheFleetCannotBeToldIsRevokedHereAndStaysSo() throws Exception {
        try (Launcher launcher =
                Launcher.on(TestPlatforms.platform(), options.withFleet(new TestFleet(new AtomicReference<>(""))))) {
            Revocation signer = new Revocation.Signer(TestPlatforms.OTHER_KEY.mrSigner());
            Revoker revoker = launcher.running().governor().revoker();

            assertThatThrownBy(() -> revoker.revoke(signer)).hasMessageContaining("is revoked, but: no way to tell");
            assertThat(launch(launcher, InterfaceKind.V5).code()).isEqualTo("POLICY_REVOKED");
            assertThatThrownBy(() -> revoker.reinstate(signer)).hasMessageContaining("no way to tell");
            assertThat(launch(launcher, InterfaceKind.V5).code()).isEqualTo("POLICY_REVOKED");
        }
    }

    @Test
    void whatOthersRevokedIsAdoptedInOneStepAndRecordedEach() throws Exception {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            Revocation signer = new Revocation.Signer(TestPlatforms.OTHER_KEY.mrSigner());
            Revoker revoker = launcher.running().governor().revoker();
            revoker.adopt(List.of(signer, new Revocation.LaunchEnclaveSvn(2)), List.of(), ", by host b")
                    .settle();
            assertThat(launch(launcher, InterfaceKind.V5).code()).isEqualTo("POLICY_REVOKED");

            revoker.adopt(List.of(), List.of(signer, new Revocation.LaunchEnclaveSvn(2)), ", by host b")
                    .settle();
            assertThat(launch(launcher, InterfaceKind.V5).launched()).isTrue();
            assertThat(events)
                    .filteredOn(event -> event.kind() == Kind.REVOCATION)
                    .extracting(AuditEvent::verdict)
                    .containsExactly("revoke", "revoke", "reinstate", "reinstate");
        }
    }

    /** A fleet that cannot be told anything. */
    private record TestFleet(AtomicReference<String> why) implements Fleet {

        @Override
        public String refusal() {
            return why.get();
        }

        @Override
        public void revoked(Revocation revocation) throws LaunchException {
            throw new LaunchException("no way to tell");
        }

        @Override
        public void reinstating(Revocation revocation) throws LaunchException {
            throw new LaunchException("no way to tell");
        }

        @Override
        public void installing(PolicyFolder.Installed policy, boolean acceptRollback) throws LaunchException {
            throw new LaunchException("no way to tell");
        }

        @Override
        public Optional<SharedTokens> tokens() {
            return Optional.empty();
        }
    }

    @Test
    void aPolicyWhoseFloorsDoNotFitTheCacheLeavesTheCacheAsItWas() throws Exception {
        CacheLimits limits = CacheLimits.ofBytes(8 << 20);
        WorkloadQuota quota = new WorkloadQuota(1, 100, 100, 16 << 20, CacheLimits.UNLIMITED, 1_000);
        PolicySource policy = PolicySource.of(LaunchPolicy.ALLOW_ALL, new QuotaTable(quota, Map.of("web", quota)));
        try (Launcher launcher = Launcher.on(
                TestPlatforms.platform(), options.withCache(limits, Scheme.LRU).withPolicy(policy))) {
            Governor governor = launcher.running().governor();
            events.clear();

            governor.revoker().reload();
            assertThat(launch(launcher, InterfaceKind.ISGX).launched()).isTrue();
            assertThat(launch(launcher, InterfaceKind.V5).launched()).isTrue();
            assertThat(governor.cache().limits()).isEqualTo(limits);
            assertThat(events)
                    .filteredOn(event -> event.kind() == Kind.POLICY)
                    .singleElement()
                    .satisfies(event -> assertThat(event.toString())
                            .contains("the kernel's cache keeps its limits")
                            .contains("16777216 bytes together, and the cache is bounded to 8388608"));
        }
    }

    @Test
    void newsOfThePolicyThatCouldNotBeRecordedIsRecordedWithTheNextLaunch() throws Exception {
        AtomicReference<String> failure = new AtomicReference<>("cannot be read");
        AtomicReference<String> news = new AtomicReference<>("another policy");
        PolicySource policy = new PolicySource() {
            @Override
            public String reload(long revision) throws LaunchException {
                if (failure.get().equals("cannot be read")) {
                    throw new LaunchException(failure.get());
                }
                return news.getAndSet("");
            }

            @Override
            public QuotaTable quotas() {
                return QuotaTable.UNLIMITED;
            }

            @Override
            public PolicyVerdict judge(PolicySubject subject) {
                return LaunchPolicy.ALLOW_ALL.judge(subject);
            }
        };
        AuditTrail trail = event -> {
            if (event.kind() == Kind.POLICY && failure.get().equals("cannot be recorded")) {
                throw new LaunchException(failure.get());
            }
            events.add(event);
        };
        try (Launcher launcher =
                Launcher.on(TestPlatforms.platform(), options.withAudit(trail).withPolicy(policy))) {
            launcher.running().governor().revoker().reload();
            events.clear();

            for (String why : List.of("cannot be read", "cannot be recorded")) {
                failure.set(why);
                LaunchResult refused = launch(launcher, InterfaceKind.V5);
                assertThat(refused.code()).isEqualTo("POLICY_UNAVAILABLE");
                assertThat(refused.explanation().found()).contains(why);
            }
            failure.set("");
            assertThat(launch(launcher, InterfaceKind.V5).launched()).isTrue();
            assertThat(launch(launcher, InterfaceKind.V5).launched()).isTrue();
            assertThat(events)
                    .filteredOn(event -> event.kind() == Kind.POLICY)
                    .extracting(AuditEvent::reason)
                    .containsExactly("another policy");
        }
    }

    private String mrEnclave() {
        return jsgx.image.ImageMeasurement.measure(image).mrEnclave();
    }

    private EnclaveLoader initialised(Launcher launcher, String workload) throws Exception {
        EnclaveLoader loader = new EnclaveLoader(
                InterfaceKind.MAINLINE,
                launcher.running().driver().mainline().open(new Workload(workload)),
                new EmbeddedAddressSpace());
        assertThat(loader.create(image, sigstruct.attributes(), 0)).isZero();
        assertThat(loader.addPages(image.pages())).isZero();
        assertThat(loader.init(sigstruct, jsgx.arch.struct.EinitToken.of(new byte[304])))
                .isZero();
        assertThat(SigstructCheck.mrSigner(sigstruct)).hasSize(64);
        return loader;
    }

    private static AuditTrail failing(Kind kind) {
        return event -> {
            if (event.kind() == kind) {
                throw new LaunchException("the disk is full");
            }
        };
    }

    private LaunchResult launch(GovernorOptions governance, InterfaceKind kind) throws LaunchException {
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), governance)) {
            return launch(launcher, kind);
        }
    }

    private LaunchResult launch(Launcher launcher, InterfaceKind kind) throws LaunchException {
        return launcher.launch(image, sigstruct, LaunchOptions.through(kind));
    }
}
