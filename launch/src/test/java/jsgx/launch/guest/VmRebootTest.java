package jsgx.launch.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.Fuses;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.LeAuthority;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.governor.LaunchEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.le.LeRequest;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.store.Terms;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.store.UserTokenCache.Attempted;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the thread of 2017 says of virtual machines: user space reuses a token across their reboots by saving it to disk. The virtual machine's
 * disk is a folder here, in which its programs have their token store.
 */
class VmRebootTest {

    private static final Workload VM = new Workload("vm");
    private static final Workload PROGRAM = new Workload("program");

    @TempDir
    private Path disk;

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(3);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.THIRD_KEY);

    @Test
    void aTokenOnTheGuestsDiskServesAfterItsReboot() throws Exception {
        try (RunningPlatform host = RunningPlatform.of(platform);
                Guest guest = Guest.boot(host.driver(), options(platform))) {
            assertThat(launch(host, guest).token().source()).isEqualTo(UserToken.Source.ISSUED);
            guest.reboot();

            Attempted again = launch(host, guest);

            assertThat(again.result()).isZero();
            assertThat(again.token().source()).isEqualTo(UserToken.Source.STORE);
        }
    }

    @Test
    void afterTheHostsRebootToo() throws Exception {
        for (UserToken.Source expected : new UserToken.Source[] {UserToken.Source.ISSUED, UserToken.Source.STORE}) {
            try (RunningPlatform host = RunningPlatform.of(platform);
                    Guest guest = Guest.boot(host.driver(), options(platform))) {
                Attempted attempted = launch(host, guest);
                assertThat(attempted.result()).isZero();
                assertThat(attempted.token().source()).isEqualTo(expected);
            }
        }
    }

    @Test
    void onAnotherHostItIsRefusedWith16AndAFreshOneServes() throws Exception {
        try (RunningPlatform host = RunningPlatform.of(platform);
                Guest guest = Guest.boot(host.driver(), options(platform))) {
            assertThat(launch(host, guest).result()).isZero();
        }
        Platform elsewhere = platform.withFuses(Fuses.burn(new Random(98)));
        try (RunningPlatform host = RunningPlatform.of(elsewhere);
                Guest guest = Guest.boot(host.driver(), options(elsewhere))) {
            Attempted attempted = launch(host, guest);
            assertThat(attempted.staleCode()).isEqualTo(16);
            assertThat(attempted.result()).isZero();
            assertThat(attempted.token().source()).isEqualTo(UserToken.Source.ISSUED);
        }
    }

    @Test
    void aRevocationOnTheHostRefusesItInTheGuestWhateverItsDiskHas() throws Exception {
        Revocation signer = new Revocation.Signer(TestPlatforms.THIRD_KEY.mrSigner());
        try (RunningPlatform host = RunningPlatform.of(platform);
                Guest guest = Guest.boot(host.driver(), options(platform))) {
            try (EnclaveLoader running = built(guest)) {
                byte[] token = launch(host, guest).token().token();
                assertThat(running.init(sigstruct, EinitToken.of(token))).isZero();
                // The host names what runs in its guests.
                assertThat(host.governor().revoker().revoke(signer).running())
                        .extracting(LaunchEntry::workload)
                        .containsExactly("vm");
                assertThat(init(guest, token)).isEqualTo(Errno.EFAULT.result());
            }
            guest.reboot();
            host.governor().revoker().reinstate(signer);
            assertThat(launch(host, guest).result()).isZero();
        }
    }

    private static GuestOptions options(Platform host) {
        return GuestOptions.of(VM, 1L << 20).withLePubKeyHash(HexFormat.of().parseHex(host.leMrSigner()));
    }

    /** A program in the guest: with the token of its store, or one that it gets and keeps. */
    private Attempted launch(RunningPlatform host, Guest guest) throws Exception {
        byte[] mrEnclave = sigstruct.enclaveHash().toArray(Layouts.U8);
        byte[] mrSigner = HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct));
        TokenIdentity identity = TokenIdentity.of(mrEnclave, mrSigner, sigstruct.attributes());
        TokenOrigin here = new TokenOrigin(host.platform().id(), host.platform().leMrSigner());
        try (TokenStore store = TokenStore.in(disk)) {
            UserTokenCache cache = new UserTokenCache(store, () -> here, InstantSource.system());
            return cache.launch(
                    "app",
                    identity,
                    Terms.DEFAULT,
                    asked -> {
                        LeRequest request = new LeRequest(mrEnclave, mrSigner, asked.attributes());
                        return ((LeAuthority.Answer.Granted) host.authority().ask(request)).token();
                    },
                    token -> init(guest, token));
        }
    }

    private long init(Guest guest, byte[] token) throws Exception {
        try (EnclaveLoader loader = built(guest)) {
            return loader.init(sigstruct, EinitToken.of(token));
        }
    }

    private EnclaveLoader built(Guest guest) throws Exception {
        EnclaveLoader loader =
                new EnclaveLoader(InterfaceKind.ISGX, guest.driver().isgx().open(PROGRAM), new EmbeddedAddressSpace());
        assertThat(loader.create(image, sigstruct.attributes(), 0)).isZero();
        assertThat(loader.addPages(image.pages())).isZero();
        return loader;
    }
}
