package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jsgx.arch.CpuFeatures;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeProfile;
import jsgx.launch.token.TokenSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each way in which a launch is refused: who says so, and with what. */
class LaunchRefusalsTest {

    private static final long MODE64BIT = Attributes.MODE64BIT;

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(11);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @ParameterizedTest
    @EnumSource
    void aFlippedSignatureIsSaidByEinit(InterfaceKind kind) {
        Sigstruct bad = copy(sigstruct);
        bad.signature().set(ValueLayout.JAVA_BYTE, 0, (byte) ~bad.signature().get(ValueLayout.JAVA_BYTE, 0));

        LaunchResult result = launch(platform, image, bad, LaunchOptions.through(kind));

        assertThat(result.stage()).isEqualTo(Stage.LEAF);
        assertThat(result.code()).isEqualTo("SGX_INVALID_SIGNATURE");
        assertThat(result.ioctlResult()).isEqualTo(kind == InterfaceKind.MAINLINE ? -1 : 8);
        assertThat(result.explanation().check()).isEqualTo(Einit.Check.SIGNATURE.rule());
        assertThat(result.explanation().where()).startsWith("SDM 3D, EINIT; step ");
        assertThat(result.mrEnclave()).hasSize(64);
        if (kind == InterfaceKind.MAINLINE) {
            assertThat(result.explanation().headline())
                    .isEqualTo(
                            "EINIT: SGX_INVALID_SIGNATURE (8); the mainline interface returns EPERM for every code of"
                                    + " EINIT, v5 and isgx would return 8");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReservedAttributeIsRefused(InterfaceKind kind) {
        LaunchResult result = launch(
                platform,
                image,
                sigstruct,
                LaunchOptions.through(kind).withAttributes(new Attributes(MODE64BIT | 8, 3)));

        if (kind == InterfaceKind.MAINLINE) {
            assertThat(result.stage()).isEqualTo(Stage.LEAF);
            assertThat(result.code()).isEqualTo("GP");
            assertThat(result.ioctlResult()).isEqualTo(-5);
            assertThat(result.explanation().where()).startsWith("SDM 3D, ECREATE; step ");
        } else {
            assertThat(result.stage()).isEqualTo(Stage.DRIVER);
            assertThat(result.code()).isEqualTo("DRIVER_EINVAL");
            assertThat(result.ioctlResult()).isEqualTo(-22);
        }
        assertThat(result.explanation().whatToDo()).contains("ttribute");
        assertThat(result.token().source()).isEqualTo(TokenSource.NONE);
    }

    @Test
    void aForgedTokenIsSaidByEinitToBeOne() {
        byte[] forged = new byte[EinitToken.SIZE];
        EinitToken token = EinitToken.of(forged);
        token.valid(1);
        token.mrEnclave(sigstruct.enclaveHash());
        token.attributes(new Attributes(MODE64BIT, 3));

        LaunchResult result = launch(
                platform,
                image,
                sigstruct,
                LaunchOptions.through(InterfaceKind.ISGX).withToken(forged));

        assertThat(result.stage()).isEqualTo(Stage.TOKEN);
        assertThat(result.code()).isEqualTo("SGX_INVALID_EINITTOKEN");
        assertThat(result.ioctlResult()).isEqualTo(16);
        assertThat(result.explanation().check()).isEqualTo(Einit.Check.TOKEN_MAC.rule());
        assertThat(result.token()).extracting(LaunchResult.Token::source).isEqualTo(TokenSource.CALLER);
        assertThat(result.token().bytes()).isEqualTo(forged);
    }

    @Test
    void aTokenThatIsNotValidCountsAsNone() {
        LaunchResult result = launch(
                platform,
                image,
                sigstruct,
                LaunchOptions.through(InterfaceKind.ISGX).withToken(new byte[EinitToken.SIZE]));

        assertThat(result.stage()).isEqualTo(Stage.TOKEN);
        assertThat(result.ioctlResult()).isEqualTo(16);
        assertThat(result.explanation().check()).isEqualTo(Einit.Check.AUTHORIZED_SIGNER.rule());
    }

    @ParameterizedTest
    @EnumSource
    void anEnclaveOfTheLaunchEnclavesSignerNeedsNoToken(InterfaceKind kind) {
        Sigstruct own = TestEnclaves.sign(image, TestPlatforms.LE_KEY);

        LaunchResult result = launch(platform, image, own, LaunchOptions.through(kind));

        assertThat(result.launched()).as("%s", result).isTrue();
        assertThat(result.token().source()).isEqualTo(TokenSource.NONE);
    }

    @Test
    void aForeignLaunchEnclaveIsRefusedDespiteItsToken() {
        Attributes launcher = new Attributes(MODE64BIT | Attributes.EINITTOKENKEY, 3);
        Sigstruct foreign = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY, launcher);
        for (InterfaceKind kind : List.of(InterfaceKind.V5, InterfaceKind.ISGX)) {
            LaunchResult result = launch(platform, image, foreign, LaunchOptions.through(kind));

            assertThat(result.token().source()).as("the v5 profile grants it").isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(result.ioctlResult()).isEqualTo(2);
            assertThat(result.stage()).isEqualTo(Stage.LEAF);
            assertThat(result.explanation().check()).isEqualTo(Einit.Check.CONTROLLED_ATTRIBUTES.rule());
        }
        LaunchResult mainline = launch(platform, image, foreign, LaunchOptions.through(InterfaceKind.MAINLINE));
        assertThat(mainline.code()).isEqualTo("DRIVER_EACCES");
        assertThat(mainline.ioctlResult()).isEqualTo(-13);
    }

    @Test
    void provisionKeyIsTheDcapProfilesToRefuse() {
        Attributes provision = new Attributes(MODE64BIT | Attributes.PROVISIONKEY, 3);
        Sigstruct signed = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY, provision);

        assertThat(launch(platform, image, signed, LaunchOptions.through(InterfaceKind.V5))
                        .launched())
                .isTrue();
        Platform dcap = platform.withLeProfile(LeProfile.DCAP);
        LaunchResult v5 = launch(dcap, image, signed, LaunchOptions.through(InterfaceKind.V5));
        LaunchResult isgx = launch(dcap, image, signed, LaunchOptions.through(InterfaceKind.ISGX));
        LaunchResult mainline = launch(dcap, image, signed, LaunchOptions.through(InterfaceKind.MAINLINE));

        assertThat(v5.stage()).isEqualTo(Stage.LE);
        assertThat(v5.code()).isEqualTo("LE_REFUSED");
        assertThat(v5.ioctlResult()).isEqualTo(LeAnswer.INVALID_PRIVILEGE);
        assertThat(isgx.stage()).isEqualTo(Stage.LE);
        assertThat(isgx.code()).isEqualTo("LE_REFUSED");
        assertThat(isgx.ioctlResult()).as("EINIT without a token").isEqualTo(16);
        assertThat(mainline.code()).isEqualTo("DRIVER_EACCES");
        assertThat(mainline.explanation().whatToDo()).contains("/dev/sgx_provision");
    }

    @Test
    void theIntelProfileAsksItsWhiteList() {
        Platform intel = platform.withLeProfile(LeProfile.INTEL);

        LaunchResult production = launch(intel, image, sigstruct, LaunchOptions.through(InterfaceKind.V5));
        LaunchResult debug = launch(
                intel,
                image,
                sigstruct,
                LaunchOptions.through(InterfaceKind.V5)
                        .withAttributes(new Attributes(MODE64BIT | Attributes.DEBUG, 3)));

        assertThat(production.code()).isEqualTo("LE_REFUSED");
        assertThat(production.ioctlResult()).isEqualTo(LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR);
        assertThat(production.explanation().whatToDo()).contains("white list");
        assertThat(debug.launched()).isTrue();
    }

    @Test
    void withMsrsLockedToIntelOnlyIntelsLaunchEnclaveCouldMakeTokens() {
        Platform locked = platform.withFeatures(CpuFeatures.SGX1);

        LaunchResult v5 = launch(locked, image, sigstruct, LaunchOptions.through(InterfaceKind.V5));
        LaunchResult mainline = launch(locked, image, sigstruct, LaunchOptions.through(InterfaceKind.MAINLINE));
        LaunchResult isgx = launch(locked, image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX));

        assertThat(v5.code()).isEqualTo("DRIVER_ENODEV");
        assertThat(v5.stage()).isEqualTo(Stage.DRIVER);
        assertThat(mainline.code()).isEqualTo("DRIVER_ENODEV");
        assertThat(isgx.code()).isEqualTo("LE_UNAVAILABLE");
        assertThat(isgx.stage()).isEqualTo(Stage.LE);
        assertThat(isgx.ioctlResult()).isEqualTo(16);
    }

    @Test
    void withMsrsLockedToItsSignerTheLaunchEnclaveWorks() {
        Platform locked = platform.withLaunchControl(LaunchControl.lockedTo(TestPlatforms.LE_KEY.mrSigner()));

        assertThat(launch(locked, image, sigstruct, LaunchOptions.through(InterfaceKind.V5))
                        .launched())
                .isTrue();
        assertThat(launch(locked, image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX))
                        .launched())
                .isTrue();
        assertThat(launch(locked, image, sigstruct, LaunchOptions.through(InterfaceKind.MAINLINE))
                        .code())
                .isEqualTo("DRIVER_ENODEV");
    }

    @Test
    void withMsrsThatHoldIntelsHashV5WritesThemAndIsgxDoesNot() {
        Platform unlocked = platform.withLaunchControl(LaunchControl.UNLOCKED);

        assertThat(launch(unlocked, image, sigstruct, LaunchOptions.through(InterfaceKind.V5))
                        .launched())
                .isTrue();
        LaunchResult isgx = launch(unlocked, image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX));
        assertThat(isgx.stage()).isEqualTo(Stage.TOKEN);
        assertThat(isgx.ioctlResult()).isEqualTo(16);
        assertThat(isgx.explanation().check()).isEqualTo(Einit.Check.TOKEN_MAC.rule());
    }

    @Test
    void sgxSwitchedOffInFirmwareIsSaidByEachDriver() {
        Platform off = platform.withLaunchControl(new LaunchControl(false, true, LaunchControl.INTEL_HASH));
        for (InterfaceKind kind : InterfaceKind.values()) {
            LaunchResult result = launch(off, image, sigstruct, LaunchOptions.through(kind));

            assertThat(result.code()).as("%s", kind).isEqualTo("DRIVER_ENODEV");
            assertThat(result.explanation().found()).contains("SGX is not enabled");
        }
    }

    @Test
    void aPageTwiceIsTheDriversToRefuse() {
        List<EnclavePage> pages = new ArrayList<>(image.pages());
        pages.add(pages.getLast());
        EnclaveImage twice = new EnclaveImage(
                image.format(), image.size(), image.ssaFrameSize(), pages, image.signature(), image.hints());

        assertThat(launch(platform, twice, sigstruct, LaunchOptions.through(InterfaceKind.V5))
                        .code())
                .isEqualTo("DRIVER_EEXIST");
        assertThat(launch(platform, twice, sigstruct, LaunchOptions.through(InterfaceKind.MAINLINE))
                        .code())
                .isEqualTo("DRIVER_EBUSY");
    }

    @ParameterizedTest
    @EnumSource
    void aSizeThatIsNoPowerOfTwoIsRefused(InterfaceKind kind) {
        for (long size : new long[] {0, 4096, 0x5000, -1, Long.MIN_VALUE, 1L << 57}) {
            EnclaveImage odd = new EnclaveImage(
                    image.format(), size, image.ssaFrameSize(), image.pages(), image.signature(), image.hints());
            LaunchResult result = launch(platform, odd, sigstruct, LaunchOptions.through(kind));

            assertThat(result.launched()).as("size 0x%x", size).isFalse();
            assertThat(result.explanation().whatToDo()).isNotEmpty();
        }
    }

    @Test
    void anEpcThatIsTooSmallRunsALargeEnclaveAllTheSame() {
        EnclaveImage large = TestEnclaves.image(12, 400);
        Sigstruct signed = TestEnclaves.sign(large, TestPlatforms.OTHER_KEY);
        for (InterfaceKind kind : InterfaceKind.values()) {
            LaunchResult result = launch(platform.withEpc(200 * 4096), large, signed, LaunchOptions.through(kind));

            assertThat(result.launched()).as("%s", result).isTrue();
        }
    }

    private static Sigstruct copy(Sigstruct sigstruct) {
        return Sigstruct.of(sigstruct.memory().toArray(ValueLayout.JAVA_BYTE));
    }

    private static LaunchResult launch(
            Platform platform, EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) {
        try (Launcher launcher = Launcher.on(platform)) {
            return launcher.launch(image, sigstruct, options);
        } catch (LaunchException e) {
            throw new AssertionError(e);
        }
    }
}
