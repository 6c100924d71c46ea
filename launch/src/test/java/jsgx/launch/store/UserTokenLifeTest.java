package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.CpuSvn;
import jsgx.arch.Fuses;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.LeAuthority;
import jsgx.launch.OwnerEpoch;
import jsgx.launch.Platform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.le.LeRequest;
import jsgx.launch.store.UserTokenCache.Attempted;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ends the life of a kept token, with a processor that says so: the exact code, a fresh token, and the reason. */
class UserTokenLifeTest {

    private static final Terms TRUSTING = Terms.DEFAULT.withTrustStore(true);

    @TempDir
    private Path folder;

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(2);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.THIRD_KEY);
    private int issued;

    @Test
    void aTokenOutlivesTheProcessAndAReboot() throws Exception {
        launch(platform, Terms.DEFAULT);

        Attempted again = launch(platform, Terms.DEFAULT);

        assertThat(again.result()).isZero();
        assertThat(again.staleCode()).isZero();
        assertThat(again.token().source()).isEqualTo(UserToken.Source.STORE);
        assertThat(again.token().reissueReason()).isEmpty();
        assertThat(issued).isEqualTo(1);
    }

    @Test
    void anotherPlatformRefusesItWith16() throws Exception {
        Platform other = platform.withFuses(Fuses.burn(new Random(99)));

        assertThat(reissued(other, 16))
                .contains("SGX_INVALID_EINITTOKEN (16)")
                .contains("it was made on platform " + platform.id() + ", this is " + other.id());
    }

    @Test
    void aNewOwnerEpochRefusesItWith16() throws Exception {
        assertThat(reissued(platform.withOwnerEpoch(new OwnerEpoch(new byte[16])), 16))
                .contains("(16)")
                .contains("a new owner epoch");
    }

    @Test
    void aRotatedLaunchEnclaveKeyRefusesItWith16() throws Exception {
        Platform rotated = platform.withLeKey(TestPlatforms.OTHER_KEY)
                .withLaunchControl(LaunchControl.unlocked(TestPlatforms.OTHER_KEY.mrSigner()));

        assertThat(reissued(rotated, 16))
                .contains("the launch enclave was rotated from signer " + TestPlatforms.LE_KEY.mrSigner() + " to "
                        + TestPlatforms.OTHER_KEY.mrSigner());
    }

    @Test
    void aMicrocodeDowngradeRefusesItWith32() throws Exception {
        assertThat(reissued(platform.withCpuSvn(CpuSvn.parse("010602ff010100000000000000000000")), 32))
                .contains("SGX_INVALID_CPUSVN (32)")
                .contains("newer microcode");
    }

    @Test
    void aChangedEnclaveIsNotGivenTheTokenUnlessTheStoreIsTrustedAndThenHears4() throws Exception {
        EnclaveImage changed = TestEnclaves.image(4);
        Sigstruct signed = TestEnclaves.sign(changed, TestPlatforms.THIRD_KEY);

        launch(platform, Terms.DEFAULT);
        Attempted trusting = launch(platform, TRUSTING, changed, signed, signed.attributes());
        assertThat(trusting.staleCode()).isEqualTo(4);
        assertThat(trusting.result()).isZero();
        assertThat(trusting.token().reissueReason())
                .startsWith(
                        "re-issued: EINIT refused the store's token with SGX_INVALID_MEASUREMENT (4): it is for MRENCLAVE ");

        Attempted checking = launch(platform, Terms.DEFAULT);
        assertThat(checking.staleCode()).isZero();
        assertThat(checking.result()).isZero();
        assertThat(checking.token().reissueReason()).startsWith("re-issued: the store's token is for MRENCLAVE ");
        assertThat(issued).isEqualTo(3);
    }

    @Test
    void changedAttributesAreNotGivenTheTokenUnlessTheStoreIsTrustedAndThenHear2() throws Exception {
        Attributes debug = sigstruct.attributes().with(Attributes.DEBUG);

        launch(platform, Terms.DEFAULT);
        Attempted trusting = launch(platform, TRUSTING, image, sigstruct, debug);
        assertThat(trusting.staleCode()).isEqualTo(2);
        assertThat(trusting.result()).isZero();
        assertThat(trusting.token().reissueReason())
                .contains("SGX_INVALID_ATTRIBUTE (2): it is for ATTRIBUTES MODE64BIT xfrm=0x3, the enclave has DEBUG");

        Attempted checking = launch(platform, Terms.DEFAULT);
        assertThat(checking.staleCode()).isZero();
        assertThat(checking.result()).isZero();
        assertThat(checking.token().reissueReason()).startsWith("re-issued: the store's token is for ATTRIBUTES ");
    }

    @Test
    void attributesThatTheSignerForbidsAreNotTheTokensFault() throws Exception {
        Attributes forbidden = sigstruct.attributes().with(Attributes.PROVISIONKEY);
        launch(platform, Terms.DEFAULT, image, sigstruct, forbidden);

        Attempted again = launch(platform, Terms.DEFAULT, image, sigstruct, forbidden);

        assertThat(again.result()).isEqualTo(2);
        assertThat(again.token().source()).isEqualTo(UserToken.Source.STORE);
        assertThat(again.staleCode()).as("no second try").isZero();
        assertThat(issued).isEqualTo(1);
    }

    @Test
    void aForgedTokenIsRefusedAndReplaced() throws Exception {
        try (TokenStore store = TokenStore.in(folder.resolve("state"))) {
            byte[] forged = TestTokens.token(identity(sigstruct, sigstruct.attributes()), 1);
            cache(store, platform).keep("loader", forged, Terms.DEFAULT.life());
        }

        Attempted launched = launch(platform, Terms.DEFAULT);

        assertThat(launched.staleCode()).isEqualTo(16);
        assertThat(launched.result()).isZero();
        assertThat(launched.token().reissueReason()).contains("it came from outside");
        assertThat(launch(platform, Terms.DEFAULT).token().source()).isEqualTo(UserToken.Source.STORE);
    }

    /** A token that was kept on the test's platform is refused on another one, and replaced. Returns the reason. */
    private String reissued(Platform other, int code) throws LaunchException {
        launch(platform, Terms.DEFAULT);
        byte[] stale = token();

        Attempted launched = launch(other, Terms.DEFAULT);

        assertThat(launched.staleCode()).isEqualTo(code);
        assertThat(launched.result()).isZero();
        assertThat(launched.token().source()).isEqualTo(UserToken.Source.ISSUED);
        assertThat(issued).isEqualTo(2);
        assertThat(token()).as("the fresh one is kept").isNotEqualTo(stale);
        assertThat(launch(other, Terms.DEFAULT).token().source()).isEqualTo(UserToken.Source.STORE);
        return launched.token().reissueReason();
    }

    private byte[] token() throws LaunchException {
        try (TokenStore store = TokenStore.in(folder.resolve("state"))) {
            return store.find("loader").orElseThrow().token().token();
        }
    }

    private Attempted launch(Platform on, Terms terms) throws LaunchException {
        return launch(on, terms, image, sigstruct, sigstruct.attributes());
    }

    /** A process of its own, on a machine just switched on. */
    private Attempted launch(Platform on, Terms terms, EnclaveImage enclave, Sigstruct signed, Attributes attributes)
            throws LaunchException {
        try (Launcher launcher = Launcher.on(on);
                TokenStore store = TokenStore.in(folder.resolve("state"))) {
            return cache(store, on)
                    .launch(
                            "loader",
                            identity(signed, attributes),
                            terms,
                            asked -> issue(launcher, asked),
                            token -> launcher.launch(
                                            enclave,
                                            signed,
                                            LaunchOptions.through(InterfaceKind.ISGX)
                                                    .withToken(token)
                                                    .withAttributes(attributes))
                                    .ioctlResult());
        }
    }

    private static UserTokenCache cache(TokenStore store, Platform on) {
        return new UserTokenCache(store, () -> new TokenOrigin(on.id(), on.leMrSigner()), new TestTokens.Clock());
    }

    private static TokenIdentity identity(Sigstruct signed, Attributes attributes) {
        return TokenIdentity.of(
                signed.enclaveHash().toArray(Layouts.U8),
                HexFormat.of().parseHex(SigstructCheck.mrSigner(signed)),
                attributes);
    }

    private byte[] issue(Launcher launcher, TokenIdentity asked) {
        issued++;
        LeAuthority.Answer answer = launcher.running()
                .authority()
                .ask(new LeRequest(asked.mrEnclave(), asked.mrSigner(), asked.attributes()));
        if (answer instanceof LeAuthority.Answer.Granted(byte[] token)) {
            return Arrays.copyOf(token, token.length);
        }
        throw new AssertionError(answer);
    }
}
