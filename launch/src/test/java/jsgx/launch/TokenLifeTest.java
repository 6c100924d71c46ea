package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import java.util.Set;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchResult.Stage;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.token.TokenSource;
import org.junit.jupiter.api.Test;

/** What ends the life of a token, and what does not. */
class TokenLifeTest {

    private static final int BITS = EinitToken.SIZE * Byte.SIZE;

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(2);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @Test
    void everyFlippedBitIsRefused() throws Exception {
        byte[] token = token(platform);
        BitSet accepted = new BitSet();
        try (RunningPlatform running = RunningPlatform.of(platform);
                EnclaveLoader loader = built(running)) {
            for (int bit = 0; bit < BITS; bit++) {
                byte[] flipped = token.clone();
                flipped[bit / Byte.SIZE] ^= (byte) (1 << (bit % Byte.SIZE));
                long result = loader.init(sigstruct, EinitToken.of(flipped));
                accepted.set(bit, result == 0);
                assertThat(result).as("bit %d", bit).isIn(0L, 16L, 32L);
                Outcome.Error error = (Outcome.Error) loader.lastOutcome().orElseThrow();
                assertThat(error.check())
                        .as("bit %d", bit)
                        .isIn(Set.of(
                                Einit.Check.AUTHORIZED_SIGNER,
                                Einit.Check.TOKEN_DEBUG,
                                Einit.Check.TOKEN_RESERVED,
                                Einit.Check.TOKEN_CPUSVN,
                                Einit.Check.TOKEN_MAC));
            }
            assertThat(accepted.stream().boxed()).isEmpty();
            assertThat(loader.init(sigstruct, EinitToken.of(token)))
                    .as("unflipped")
                    .isZero();
        }
    }

    @Test
    void aTokenOutlivesAReboot() throws Exception {
        assertThat(launch(platform, token(platform)).launched()).isTrue();
    }

    @Test
    void aTokenOutlivesPowerLoss() throws Exception {
        try (Launcher launcher = Launcher.on(platform)) {
            byte[] token = token(launcher);
            launcher.running().powerLoss();

            assertThat(launcher.launch(image, sigstruct, isgx(token)).launched())
                    .isTrue();
        }
    }

    @Test
    void aTokenServesAnyNumberOfInstances() throws Exception {
        byte[] token = token(platform);
        try (RunningPlatform running = RunningPlatform.of(platform);
                EnclaveLoader one = built(running);
                EnclaveLoader two = built(running)) {
            assertThat(one.init(sigstruct, EinitToken.of(token))).isZero();
            assertThat(two.init(sigstruct, EinitToken.of(token))).isZero();
        }
    }

    @Test
    void otherFusesEndIt() throws Exception {
        refused(platform.withFuses(Fuses.burn(new Random(99))), 16, Einit.Check.TOKEN_MAC);
    }

    @Test
    void anotherOwnerEpochEndsIt() throws Exception {
        refused(platform.withOwnerEpoch(new OwnerEpoch(new byte[16])), 16, Einit.Check.TOKEN_MAC);
    }

    @Test
    void aCpuSvnBelowTheTokensEndsIt() throws Exception {
        refused(platform.withCpuSvn(CpuSvn.parse("010602ff010100000000000000000000")), 32, Einit.Check.TOKEN_CPUSVN);
    }

    @Test
    void aMicrocodeUpdateDoesNot() throws Exception {
        byte[] token = token(platform);

        assertThat(launch(platform.withCpuSvn(CpuSvn.parse("030602ff010100000000000000000000")), token)
                        .launched())
                .isTrue();
    }

    @Test
    void rotationOfTheLaunchEnclavesKeyEndsIt() throws Exception {
        refused(platform.withLeKey(TestPlatforms.OTHER_KEY).withLaunchControl(otherHash()), 16, Einit.Check.TOKEN_MAC);
    }

    @Test
    void rotationBackRevivesIt() throws Exception {
        byte[] token = token(platform);
        Platform back = platform.withLeKey(TestPlatforms.OTHER_KEY).withLeKey(TestPlatforms.LE_KEY);

        assertThat(launch(back, token).launched()).isTrue();
    }

    @Test
    void rotationWhileTheMachineRunsBitesOnTheNextV5Launch() throws Exception {
        try (RunningPlatform running = RunningPlatform.of(platform.withLaunchControl(LaunchControl.UNLOCKED))) {
            running.authority().rotate(LaunchEnclave.of(TestPlatforms.OTHER_KEY, LeProfile.V5, WhiteList.NONE));
            LaunchResult own = new Launch(running, image, sigstruct, LaunchOptions.through(InterfaceKind.V5)).run();
            EnclaveImage other = TestEnclaves.image(3);
            LaunchResult others = new Launch(
                            running,
                            other,
                            TestEnclaves.sign(other, TestPlatforms.LE_KEY),
                            LaunchOptions.through(InterfaceKind.V5))
                    .run();

            assertThat(own.launched()).as("%s", own).isTrue();
            assertThat(own.token().source()).as("signed by the new LE's key").isEqualTo(TokenSource.NONE);
            assertThat(others.launched()).as("%s", others).isTrue();
            assertThat(others.token().source()).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
        }
    }

    @Test
    void aNewerLaunchEnclaveOfTheSameSignerDoesNotEndIt() throws Exception {
        byte[] token = token(platform);

        assertThat(launch(platform.withLeProfile(LeProfile.DCAP), token).launched())
                .as("another MRENCLAVE, the same product and version")
                .isTrue();
    }

    @Test
    void aTokenIsForItsAttributes() throws Exception {
        byte[] token = token(platform);
        try (Launcher launcher = Launcher.on(platform)) {
            LaunchResult debug = launcher.launch(
                    image,
                    sigstruct,
                    isgx(token).withAttributes(new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3)));
            LaunchResult avx = launcher.launch(
                    image, sigstruct, isgx(token).withAttributes(new Attributes(Attributes.MODE64BIT, 7)));

            for (LaunchResult result : new LaunchResult[] {debug, avx}) {
                assertThat(result.ioctlResult()).isEqualTo(2);
                assertThat(result.stage()).isEqualTo(Stage.TOKEN);
                assertThat(result.code()).isEqualTo("SGX_INVALID_ATTRIBUTE");
                assertThat(result.explanation().check()).isEqualTo(Einit.Check.TOKEN_ATTRIBUTES.rule());
            }
        }
    }

    @Test
    void aTokenIsForItsEnclaveAndSigner() throws Exception {
        byte[] token = token(platform);
        EnclaveImage other = TestEnclaves.image(4);
        try (Launcher launcher = Launcher.on(platform)) {
            LaunchResult measurement =
                    launcher.launch(other, TestEnclaves.sign(other, TestPlatforms.OTHER_KEY), isgx(token));
            assertThat(measurement.ioctlResult()).isEqualTo(4);
            assertThat(measurement.explanation().check()).isEqualTo(Einit.Check.TOKEN_MRENCLAVE.rule());
            assertThat(measurement.stage()).isEqualTo(Stage.TOKEN);
        }
        Platform third = platform.withLaunchControl(LaunchControl.unlocked(TestPlatforms.THIRD_KEY.mrSigner()))
                .withLeKey(TestPlatforms.THIRD_KEY);
        byte[] fromThird = token(third);
        try (Launcher launcher = Launcher.on(third)) {
            LaunchResult signer =
                    launcher.launch(image, TestEnclaves.sign(image, TestPlatforms.LE_KEY), isgx(fromThird));
            assertThat(signer.ioctlResult()).isEqualTo(4);
            assertThat(signer.explanation().check()).isEqualTo(Einit.Check.TOKEN_MRSIGNER.rule());
        }
    }

    private LaunchControl otherHash() {
        return LaunchControl.unlocked(TestPlatforms.OTHER_KEY.mrSigner());
    }

    /** A token made on the test's platform is refused on another one. */
    private void refused(Platform other, int code, Einit.Check check) throws LaunchException {
        EnclaveImage third = TestEnclaves.image(2);
        Sigstruct signed = TestEnclaves.sign(third, TestPlatforms.THIRD_KEY);
        byte[] thirdToken = token(platform, third, signed);
        LaunchResult result;
        try (Launcher launcher = Launcher.on(other)) {
            result = launcher.launch(third, signed, isgx(thirdToken));
            TokenCheck verified = launcher.verify(thirdToken, third, signed);
            assertThat(verified.accepted()).isFalse();
            assertThat(verified.ioctlResult()).isEqualTo(code);
        }
        assertThat(result.launched()).isFalse();
        assertThat(result.stage()).isEqualTo(Stage.TOKEN);
        assertThat(result.ioctlResult()).isEqualTo(code);
        assertThat(result.explanation().check()).isEqualTo(check.rule());
        assertThat(result.token().source()).isEqualTo(TokenSource.CALLER);
    }

    private LaunchResult launch(Platform on, byte[] token) throws LaunchException {
        try (Launcher launcher = Launcher.on(on)) {
            return launcher.launch(image, sigstruct, isgx(token));
        }
    }

    private byte[] token(Platform on) throws LaunchException {
        return token(on, image, sigstruct);
    }

    private static byte[] token(Platform on, EnclaveImage image, Sigstruct sigstruct) throws LaunchException {
        try (Launcher launcher = Launcher.on(on)) {
            LaunchResult result = launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX));
            assertThat(result.launched()).as("%s", result).isTrue();
            return result.token().bytes();
        }
    }

    private byte[] token(Launcher launcher) throws LaunchException {
        return launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX))
                .token()
                .bytes();
    }

    private static LaunchOptions isgx(byte[] token) {
        return LaunchOptions.through(InterfaceKind.ISGX).withToken(token);
    }

    /** The enclave on isgx, short of its INIT. */
    private EnclaveLoader built(RunningPlatform running) throws Exception {
        EnclaveLoader loader = new EnclaveLoader(
                InterfaceKind.ISGX, running.driver().isgx().open(new Workload("test")), new EmbeddedAddressSpace());
        assertThat(loader.create(image, new Attributes(Attributes.MODE64BIT, 3), 0))
                .isZero();
        assertThat(loader.addPages(image.pages())).isZero();
        return loader;
    }
}
