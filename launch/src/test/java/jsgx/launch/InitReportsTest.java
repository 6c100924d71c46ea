package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.le.LeProfile;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.token.TokenSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program that executes INIT by itself is told the same as one that launches. */
class InitReportsTest {

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(12);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @ParameterizedTest
    @EnumSource
    void aRefusalOfEinitIsExplainedAsThatOfALaunch(InterfaceKind kind) throws Exception {
        EnclaveImage flipped = TestEnclaves.flipped(image);
        LaunchOptions options = LaunchOptions.through(kind);
        try (Launcher launcher = Launcher.on(platform)) {
            LaunchResult launch = launcher.launch(flipped, sigstruct, options);
            InitReport report =
                    init(launcher.running(), kind, flipped, launch.token().bytes());

            assertThat(report.stage()).isEqualTo(launch.stage());
            assertThat(report.code()).isEqualTo(launch.code()).isEqualTo("SGX_INVALID_MEASUREMENT");
            assertThat(report.explanation()).isEqualTo(launch.explanation());
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatThePolicyDeniesIsExplainedAsThatOfALaunch(InterfaceKind kind) throws Exception {
        GovernorOptions deny = GovernorOptions.defaults()
                .withPolicy(subject ->
                        new PolicyVerdict(PolicyVerdict.Effect.DENY, "no-test", "policy.yaml:3", "tests stay out", 4));
        try (Launcher launcher = Launcher.on(platform, deny)) {
            InitReport report = init(launcher.running(), kind, image, new byte[0]);

            assertThat(report.code()).isEqualTo("POLICY_DENIED");
            assertThat(report.policy()).isEqualTo("deny: rule \"no-test\" (policy.yaml:3), revision 4");
            assertThat(report.explanation())
                    .isEqualTo(launcher.launch(image, sigstruct, LaunchOptions.through(kind))
                            .explanation());
        }
    }

    @Test
    void whatTheLaunchEnclaveRefusesIsExplained() throws Exception {
        Platform intel = platform.withLeProfile(LeProfile.INTEL);
        Attributes attributes = new Attributes(Attributes.MODE64BIT, 3);
        try (Launcher launcher = Launcher.on(intel)) {
            InitReport report = init(launcher.running(), InterfaceKind.V5, image, new byte[0]);

            assertThat(report.code()).isEqualTo("LE_REFUSED");
            assertThat(report.explanation())
                    .isEqualTo(launcher.launch(
                                    image,
                                    sigstruct,
                                    LaunchOptions.through(InterfaceKind.V5).withAttributes(attributes))
                            .explanation());
        }
    }

    @Test
    void aSuccessSaysWhereTheTokenCameFrom() throws Exception {
        GovernorOptions kernel = GovernorOptions.defaults().withPlacement(Placement.KERNEL);
        try (Launcher launcher = Launcher.on(platform, kernel)) {
            assertThat(List.of(
                            init(launcher.running(), InterfaceKind.V5, image, new byte[0])
                                    .token(),
                            init(launcher.running(), InterfaceKind.V5, image, new byte[0])
                                    .token(),
                            init(launcher.running(), InterfaceKind.MAINLINE, image, new byte[0])
                                    .token()))
                    .containsExactly(TokenSource.LAUNCH_ENCLAVE, TokenSource.KERNEL_CACHE, TokenSource.NONE);
        }
    }

    /** An INIT that the driver refuses by itself is not explained by what was said to the one before. */
    @Test
    void whatWasSaidIsTakenOnce() throws Exception {
        try (Launcher launcher = Launcher.on(platform)) {
            RunningPlatform running = launcher.running();
            InitReports reports = running.initReports();
            init(running, InterfaceKind.V5, image, new byte[0]);

            InitReport second = reports.take(InterfaceKind.V5, -22, Optional.empty(), Optional.empty());

            assertThat(second.code()).isEqualTo("DRIVER_EINVAL");
            assertThat(second.token()).isEqualTo(TokenSource.NONE);
        }
    }

    private InitReport init(RunningPlatform running, InterfaceKind kind, EnclaveImage loaded, byte[] token)
            throws Exception {
        InitReports reports = running.initReports();
        try (EnclaveLoader loader = new EnclaveLoader(
                kind,
                running.driver().device(kind).open(LaunchOptions.through(kind).workload()),
                new EmbeddedAddressSpace())) {
            assertThat(loader.create(loaded, sigstruct.attributes(), sigstruct.miscSelect()))
                    .isZero();
            assertThat(loader.addPages(loaded.pages())).isZero();
            byte[] bytes = token.length == 0 ? new byte[EinitToken.SIZE] : token;
            long result = loader.init(sigstruct, EinitToken.of(bytes));
            Optional<Outcome> failed = loader.lastOutcome().filter(outcome -> !outcome.isSuccess());
            return reports.take(kind, result, failed, loader.lastRefusal());
        }
    }
}
