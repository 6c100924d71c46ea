package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.token.TokenSource;
import org.junit.jupiter.api.Test;

class LauncherTest {

    private final EnclaveImage image = TestEnclaves.image(1);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @Test
    void launchesThroughV5WithATokenOfTheLaunchEnclave() throws Exception {
        LaunchResult result = launch(TestPlatforms.platform(), LaunchOptions.through(InterfaceKind.V5));

        assertThat(result.explanation().headline()).contains("token of the launch enclave");
        assertThat(result.launched()).isTrue();
        assertThat(result.code()).isEqualTo("SGX_SUCCESS");
        assertThat(result.ioctlResult()).isZero();
        assertThat(result.token().source()).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
        assertThat(result.mrSigner()).isEqualTo(TestPlatforms.OTHER_KEY.mrSigner());
        assertThat(result.timeline())
                .extracting(LaunchResult.Step::name)
                .containsExactly("ECREATE", "EADD", "token", "EINIT");
        EinitToken token = EinitToken.of(result.token().bytes());
        assertThat(token.maskedAttributesLe()).isEqualTo(new Attributes(0x21, 0));
        assertThat(token.attributes()).isEqualTo(new Attributes(Attributes.MODE64BIT, 3));
    }

    @Test
    void launchesThroughIsgxWithATokenThatItAsksFor() throws Exception {
        LaunchResult result = launch(TestPlatforms.platform(), LaunchOptions.through(InterfaceKind.ISGX));

        assertThat(result.launched()).as("%s", result).isTrue();
        assertThat(result.token().source()).isEqualTo(TokenSource.LAUNCH_ENCLAVE);

        LaunchResult again = launch(
                TestPlatforms.platform(),
                LaunchOptions.through(InterfaceKind.ISGX)
                        .withToken(result.token().bytes()));
        assertThat(again.launched()).as("%s", again).isTrue();
        assertThat(again.token().source()).isEqualTo(TokenSource.CALLER);
    }

    @Test
    void launchesThroughMainlineWithoutAToken() throws Exception {
        LaunchResult result = launch(TestPlatforms.platform(), LaunchOptions.through(InterfaceKind.MAINLINE));

        assertThat(result.launched()).as("%s", result).isTrue();
        assertThat(result.token().source()).isEqualTo(TokenSource.NONE);
        assertThat(result.token().bytes()).isEmpty();
    }

    @Test
    void aTokenForAnInterfaceThatTakesNoneIsWrongUsage() {
        for (InterfaceKind kind : new InterfaceKind[] {InterfaceKind.V5, InterfaceKind.MAINLINE}) {
            assertThatThrownBy(() -> launch(
                            TestPlatforms.platform(),
                            LaunchOptions.through(kind).withToken(new byte[EinitToken.SIZE])))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("isgx only");
        }
    }

    @Test
    void aWrongMeasurementNamesTheFirstPageThatDiffers() throws Exception {
        EnclaveImage flipped = TestEnclaves.flipped(image);
        try (Launcher launcher = Launcher.on(TestPlatforms.platform())) {
            LaunchResult result = launcher.launch(
                    flipped, sigstruct, LaunchOptions.through(InterfaceKind.V5).compareWith(image));

            assertThat(result.launched()).isFalse();
            assertThat(result.stage()).isEqualTo(Stage.LEAF);
            assertThat(result.code()).isEqualTo("SGX_INVALID_MEASUREMENT");
            assertThat(result.ioctlResult()).isEqualTo(4);
            assertThat(result.explanation().headline())
                    .isEqualTo(
                            "EINIT: SGX_INVALID_MEASUREMENT (4); the v5 interface returns 4, mainline would return EPERM");
            assertThat(result.explanation().details()).anyMatch(detail -> detail.contains("0x3123"));
        }
    }

    private LaunchResult launch(Platform platform, LaunchOptions options) throws LaunchException {
        try (Launcher launcher = Launcher.on(platform)) {
            return launcher.launch(image, sigstruct, options);
        }
    }
}
