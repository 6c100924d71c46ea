package jsgx.launch.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.Fuses;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Decision;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revoker;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.load.EnclaveLostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tokens, launch control and policy for virtual machines on a shared package. */
@Timeout(60)
class GuestTest {

    private static final int VEPC = 64;

    private final Platform platform = TestPlatforms.platform();
    private final EnclaveImage image = TestEnclaves.image(2);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);
    private final byte[] token = Host.token(platform, sigstruct);

    @Test
    void aTokenIsGoodAfterAReboot() throws Exception {
        try (Host host = new Host(platform)) {
            try (Guest guest = Guest.boot(host.driver, host.options(VEPC))) {
                assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
                // Its programs are not asked whether they have finished.
                EnclaveLoader left = Host.build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
                assertThat(left.init(sigstruct, EinitToken.of(token))).isZero();
                guest.reboot();

                assertThat(host.valid()).isEqualTo(Host.none(host.driver.totalPages()));
                assertThat(left.init(sigstruct, EinitToken.of(token))).isEqualTo(0x4000_0000L);
                assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
                left.close();
                assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
            }
            assertThat(host.isIdle()).isTrue();
        }
    }

    @Test
    void aRebootBringsIntelsHashBackUntilItIsWrittenAgain() throws Exception {
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, GuestOptions.of(Host.VM, VEPC * 4096L))) {
            for (int boot = 0; boot < 2; boot++) {
                byte[] intel = HexFormat.of().parseHex(LaunchControl.INTEL_HASH);
                assertThat(guest.lePubKeyHash()).isEqualTo(intel);
                assertThat(Host.launch(guest, image, sigstruct, token)).isEqualTo(16);
                guest.reboot();
            }
        }
    }

    /** A guest whose kernel is the v5 series: it has a launch enclave of the same signer, and writes its hash. */
    @Test
    void theGuestsKernelWritesTheMsrs() throws Exception {
        try (Host host = new Host(platform)) {
            GuestOptions options = GuestOptions.of(Host.VM, VEPC * 4096L)
                    .withKernel(kernel -> kernel.withProcessors(1)
                            .withLaunchEnclaveSigner(host.leHash())
                            .withAuthority(request -> Decision.allow(token)));
            try (Guest guest = Guest.boot(host.driver, options)) {
                for (int boot = 0; boot < 2; boot++) {
                    assertThat(guest.lePubKeyHash()).isNotEqualTo(host.leHash());
                    try (EnclaveLoader loader =
                            Host.build(guest.driver(), InterfaceKind.V5, image, sigstruct.attributes())) {
                        assertThat(loader.init(sigstruct, EinitToken.of(new byte[304])))
                                .isZero();
                    }
                    assertThat(guest.lePubKeyHash()).isEqualTo(host.leHash());
                    guest.reboot();
                }
            }
        }
    }

    /** A real enclave, entered and paged in a guest: the launch key it gets is the package's, under the guest's hash. */
    @Test
    void aLaunchEnclaveInAGuestMakesTokensForTheWholePackage() throws Exception {
        LaunchEnclave enclave = LaunchEnclave.of(TestPlatforms.LE_KEY, LeProfile.V5, WhiteList.NONE);
        LeRequest request = new LeRequest(
                sigstruct.enclaveHash().toArray(Layouts.U8),
                HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct)),
                sigstruct.attributes());
        try (Host host = new Host(platform)) {
            GuestOptions options = GuestOptions.of(Host.VM, 20 * 4096L)
                    .withKernel(kernel ->
                            kernel.withLaunchEnclaveSigner(host.leHash()).withSwapThread(false));
            try (Guest issuer = Guest.boot(host.driver, options);
                    Guest taker = Guest.boot(host.driver, host.options(VEPC));
                    var running = new JavaLaunchEnclave(new Random(1)).start(enclave, issuer.driver())) {
                // Evicts the launch enclave's pages, which come back when it is entered.
                Host.build(issuer.driver(), InterfaceKind.ISGX, TestEnclaves.image(8, 40), sigstruct.attributes())
                        .close();

                byte[] fromGuest = running.ask(request).token();

                assertThat(Host.launch(taker, image, sigstruct, fromGuest)).isZero();
                try (EnclaveLoader onHost =
                        Host.build(host.driver, InterfaceKind.ISGX, image, sigstruct.attributes())) {
                    assertThat(onHost.init(sigstruct, EinitToken.of(fromGuest))).isZero();
                }
                assertThat(host.asked.getFirst().attributes().has(Attributes.EINITTOKENKEY))
                        .isTrue();
                issuer.reboot();
                assertThatThrownBy(() -> running.ask(request)).isInstanceOf(EnclaveLostException.class);
            }
            assertThat(host.isIdle()).isTrue();
        }
    }

    @Test
    void aSecondGuestWithTheSameHashTakesTheTokenAndOneWithAnotherDoesNot() throws Exception {
        try (Host host = new Host(platform);
                Guest first = Guest.boot(host.driver, host.options(VEPC));
                Guest second = Guest.boot(host.driver, host.options(VEPC));
                Guest other = Guest.boot(host.driver, host.options(VEPC).withLePubKeyHash(new byte[32]))) {
            assertThat(Host.launch(first, image, sigstruct, token)).isZero();
            assertThat(Host.launch(second, image, sigstruct, token)).isZero();
            assertThat(Host.launch(other, image, sigstruct, token)).isEqualTo(16);
            // The host's own MSRs, and those of the others, are as they were.
            assertThat(Host.launch(first, image, sigstruct, token)).isZero();
        }
    }

    @Test
    void onAnotherPackageTheTokenIsRefusedAndTheOldEnclavesAreLost() throws Exception {
        Platform elsewhere = platform.withFuses(Fuses.burn(new Random(99)));
        try (Host here = new Host(platform);
                Host there = new Host(elsewhere)) {
            Guest before = Guest.boot(here.driver, here.options(VEPC));
            EnclaveLoader running = Host.build(before.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
            assertThat(running.init(sigstruct, EinitToken.of(token))).isZero();
            before.close();
            assertThat(running.init(sigstruct, EinitToken.of(token))).isEqualTo(0x4000_0000L);
            assertThat(here.isIdle()).isTrue();

            try (Guest after = Guest.boot(there.driver, there.options(VEPC))) {
                assertThat(Host.launch(after, image, sigstruct, token)).isEqualTo(16);
                assertThat(Host.launch(after, image, sigstruct, Host.token(elsewhere, sigstruct)))
                        .isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theHostRefusesWhateverTheTokenSays(InterfaceKind kind) throws Exception {
        try (Host host = new Host(platform)) {
            GuestOptions options = host.options(VEPC)
                    .withKernel(kernel -> kernel.withLaunchEnclaveSigner(host.leHash())
                            .withAuthority(request -> Decision.allow(token)));
            try (Guest guest = Guest.boot(host.driver, options)) {
                host.decision = Decision.refuse(0x1234, "revoked");
                EnclaveLoader loader = Host.build(guest.driver(), kind, image, sigstruct.attributes());
                Errno errno = kind == InterfaceKind.MAINLINE ? Errno.EIO : Errno.EFAULT;
                assertThat(loader.init(sigstruct, EinitToken.of(token))).isEqualTo(errno.result());
                Outcome.Faulted faulted = (Outcome.Faulted) loader.lastOutcome().orElseThrow();
                assertThat(((ExitCheck) faulted.check()).kind()).isEqualTo(ExitCheck.Kind.HOST_POLICY);
                assertThat(faulted.fault()).hasToString("#GP(0)");
                assertThat(host.heard).isEmpty();

                host.decision = Decision.allow();
                assertThat(loader.init(sigstruct, EinitToken.of(token))).isZero();
                loader.close();
            }
        }
    }

    @Test
    void theHostsAuthorityHearsWhatAGuestLaunchesAndItsEnd() throws Exception {
        try (Host host = new Host(platform)) {
            Guest guest = Guest.boot(host.driver, host.options(VEPC));
            assertThat(Host.launch(guest, image, sigstruct, new byte[304])).isEqualTo(16);
            assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
            LaunchRequest asked = host.asked.getLast();
            assertThat(asked.tokenSupplier()).isEqualTo(TokenSupplier.GUEST);
            assertThat(asked.workload()).isEqualTo(Host.VM);
            assertThat(asked.attributes()).isEqualTo(sigstruct.attributes());
            assertThat(asked.size()).isEqualTo(image.size());
            assertThat(asked.callerToken()).isEqualTo(token);
            long refused = host.asked.getFirst().enclave();
            // The guest's kernel removed the SECS when its program ended.
            assertThat(host.heard)
                    .containsExactly(
                            "complete " + refused + " 16",
                            "complete " + asked.enclave() + " 0",
                            "released " + asked.enclave() + " vm");
            host.heard.clear();

            EnclaveLoader left = Host.build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes());
            assertThat(left.init(sigstruct, EinitToken.of(token))).isZero();
            long second = host.asked.getLast().enclave();
            guest.close();
            left.close();
            assertThat(host.heard).containsExactly("complete " + second + " 0", "released " + second + " vm");
        }
    }

    @Test
    void workloadsAreCharged() throws Exception {
        Workload other = new Workload("another vm");
        try (Host host = new Host(platform)) {
            Guest first = Guest.boot(host.driver, host.options(10));
            Guest second = Guest.boot(host.driver, GuestOptions.of(other, 20 * 4096L));
            assertThat(host.charged).containsEntry(Host.VM, 10).containsEntry(other, 20);
            first.close();
            first.close();
            assertThat(host.charged).containsEntry(Host.VM, 0).containsEntry(other, 20);
            second.close();
            assertThat(host.isIdle()).isTrue();
            assertThatThrownBy(second::reboot)
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("gone");
        }
    }

    @Test
    void lockedMsrsOfTheHostCountInTheGuest() throws Exception {
        Platform locked = platform.withLaunchControl(LaunchControl.lockedTo(platform.leMrSigner()));
        try (Host host = new Host(locked);
                Guest guest = Guest.boot(host.driver, host.options(VEPC).withLePubKeyHash(new byte[32]))) {
            // sgx_virt_einit cannot write the guest's hash, and EINIT runs under firmware's.
            assertThat(Host.launch(guest, image, sigstruct, token)).isZero();
        }
    }

    @Test
    void aRevokedLaunchEnclaveIsThatOfTheGuestsOwnHash() throws Exception {
        Platform others = platform.withLeKey(TestPlatforms.THIRD_KEY);
        byte[] othersToken = Host.token(others, sigstruct);
        byte[] othersHash = HexFormat.of().parseHex(others.leMrSigner());
        try (RunningPlatform host = RunningPlatform.of(platform);
                Guest guest = Guest.boot(
                        host.driver(), GuestOptions.of(Host.VM, VEPC * 4096L).withLePubKeyHash(othersHash))) {
            Revoker revoker = host.governor().revoker();
            revoker.revoke(new Revocation.LaunchEnclave(platform.leMrSigner()));
            assertThat(Host.launch(guest, image, sigstruct, othersToken)).isZero();

            revoker.revoke(new Revocation.LaunchEnclave(others.leMrSigner()));
            assertThat(Host.launch(guest, image, sigstruct, othersToken)).isEqualTo(Errno.EFAULT.result());
        }
    }

    @Test
    void attributesAreAsTheSecsHasThem() throws Exception {
        Attributes debug = new Attributes(Attributes.MODE64BIT | Attributes.DEBUG, 3);
        try (Host host = new Host(platform);
                Guest guest = Guest.boot(host.driver, host.options(VEPC));
                EnclaveLoader loader = Host.build(guest.driver(), InterfaceKind.ISGX, image, debug)) {
            assertThat(loader.init(sigstruct, EinitToken.of(token))).isEqualTo(2);
            assertThat(host.asked.getLast().attributes()).isEqualTo(debug);
        }
    }
}
