package jsgx.launch.governor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.launch.LaunchControl;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.TestEnclaves;
import jsgx.launch.TestPlatforms;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.WhiteList;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.WorkloadQuota;
import jsgx.launch.store.TokenStore;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;
import jsgx.launch.token.TokenSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where tokens are kept, and what a launch gets from there. */
class PlacementTest {

    private static final LaunchOptions V5 = LaunchOptions.through(InterfaceKind.V5);
    private static final LaunchOptions ISGX = LaunchOptions.through(InterfaceKind.ISGX);

    private final EnclaveImage image = TestEnclaves.image(71);
    private final Sigstruct sigstruct = TestEnclaves.sign(image, TestPlatforms.OTHER_KEY);

    @TempDir
    private Path folder;

    @Test
    void theKernelKeepsATokenForTheNextLaunch() throws Exception {
        try (Launcher launcher = on(Placement.KERNEL)) {
            assertThat(source(launcher, V5)).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(source(launcher, V5)).isEqualTo(TokenSource.KERNEL_CACHE);
            assertThat(source(launcher, ISGX)).as("from the issuing service").isEqualTo(TokenSource.KERNEL_CACHE);

            launcher.running()
                    .authority()
                    .rotate(LaunchEnclave.of(TestPlatforms.THIRD_KEY, LeProfile.V5, WhiteList.NONE));
            assertThat(source(launcher, V5)).as("another launch key").isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(source(launcher, V5)).isEqualTo(TokenSource.KERNEL_CACHE);

            launcher.running()
                    .governor()
                    .revoker()
                    .revoke(new Revocation.Enclave(
                            ImageMeasurement.measure(image).mrEnclave()));
            assertThat(launcher.running().governor().cache().flush())
                    .as("purged before")
                    .isZero();
        }
    }

    @Test
    @SuppressWarnings("unchecked")
    void theKernelGivesATokenThatEinitRefusesOnce() throws Exception {
        try (Launcher launcher = on(Placement.KERNEL)) {
            TokenIdentity identity = TokenIdentity.of(
                    HexFormat.of().parseHex(ImageMeasurement.measure(image).mrEnclave()),
                    HexFormat.of().parseHex(TestPlatforms.OTHER_KEY.mrSigner()),
                    sigstruct.attributes());
            // As the kernel of a virtual machine has it that went to another package.
            byte[] stale = new byte[304];
            stale[0] = 1;
            var cache = (KernelTokenCache<RuntimeException>)
                    launcher.running().governor().cache();
            byte[] signer = launcher.running().authority().signer();
            cache.get(new TokenKey(identity, signer, 0), new Workload("kernel"), () -> stale);

            LaunchResult refused = launcher.launch(image, sigstruct, V5);
            assertThat(refused.code()).isEqualTo("SGX_INVALID_EINITTOKEN");
            assertThat(refused.token().source()).isEqualTo(TokenSource.KERNEL_CACHE);
            assertThat(source(launcher, V5)).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(source(launcher, V5)).isEqualTo(TokenSource.KERNEL_CACHE);
        }
    }

    @Test
    void userSpaceKeepsATokenInMemoryAndOnDisk() throws Exception {
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = on(Placement.USER, store)) {
            assertThat(source(launcher, ISGX)).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(source(launcher, ISGX)).isIn(TokenSource.USER_CACHE, TokenSource.STORE);
            assertThat(source(launcher, ISGX)).isEqualTo(TokenSource.USER_CACHE);
            assertThatThrownBy(() -> launcher.launch(image, sigstruct, V5))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("v5 hides the token");
        }
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = on(Placement.USER, store)) {
            assertThat(source(launcher, ISGX)).isEqualTo(TokenSource.STORE);
        }
    }

    @Test
    void withBothTheKernelsCacheStandsBehindTheUsersStore() throws Exception {
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = on(Placement.BOTH, store)) {
            assertThat(source(launcher, ISGX.withLabel("one"))).isEqualTo(TokenSource.LAUNCH_ENCLAVE);
            assertThat(source(launcher, ISGX.withLabel("another"))).isEqualTo(TokenSource.KERNEL_CACHE);
            assertThat(launcher.running().userTokens().orElseThrow().list()).hasSize(2);
        }
    }

    @Test
    void withoutAStoreUserSpaceLaunchesNothing() throws Exception {
        try (Launcher launcher = on(Placement.USER)) {
            LaunchResult result = launcher.launch(image, sigstruct, ISGX);
            assertThat(result.code()).isEqualTo("POLICY_UNAVAILABLE");
            assertThat(result.explanation().found()).contains("has no store");
        }
    }

    @Test
    void aRefusedEnclaveGetsNoToken() throws Exception {
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = on(Placement.USER, store)) {
            launcher.running().governor().revoker().revoke(new Revocation.Signer(TestPlatforms.OTHER_KEY.mrSigner()));
            assertThat(launcher.launch(image, sigstruct, ISGX).code()).isEqualTo("POLICY_REVOKED");
            assertThat(launcher.running().userTokens().orElseThrow().list()).isEmpty();
        }
    }

    @Test
    void thePlacementChangesWhileLaunchesRun() throws Exception {
        Set<TokenSource> seen = ConcurrentHashMap.newKeySet();
        AtomicBoolean stop = new AtomicBoolean();
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = on(Placement.NONE, store);
                ExecutorService executor = Executors.newFixedThreadPool(2)) {
            List<Future<?>> launching = new ArrayList<>();
            for (int thread = 0; thread < 2; thread++) {
                LaunchOptions options = ISGX.withLabel("thread " + thread);
                launching.add(executor.submit(() -> {
                    while (!stop.get()) {
                        seen.add(source(launcher, options));
                    }
                    return null;
                }));
            }
            Governor governor = launcher.running().governor();
            EnumSet<TokenSource> all =
                    EnumSet.of(TokenSource.LAUNCH_ENCLAVE, TokenSource.KERNEL_CACHE, TokenSource.USER_CACHE);
            while (!seen.containsAll(all) && launching.stream().noneMatch(Future::isDone)) {
                for (Placement placement : Placement.values()) {
                    governor.cacheControl().change("uid:0", settings -> settings.withPlacement(placement));
                    Thread.sleep(2);
                }
            }
            stop.set(true);
            for (Future<?> each : launching) {
                each.get();
            }
        }
        assertThat(seen).contains(TokenSource.LAUNCH_ENCLAVE, TokenSource.KERNEL_CACHE, TokenSource.USER_CACHE);
    }

    @Test
    void quotasOfThePolicyBoundOneWorkloadAndNotItsNeighbour() throws Exception {
        WorkloadQuota once = new WorkloadQuota(Long.MAX_VALUE, 1, 1, 0, Long.MAX_VALUE, Long.MAX_VALUE);
        QuotaTable table = new QuotaTable(WorkloadQuota.UNLIMITED, Map.of("batch", once));
        GovernorOptions options = GovernorOptions.defaults()
                .withPolicy(PolicySource.of(LaunchPolicy.ALLOW_ALL, table))
                .withClocks(InstantSource.system(), () -> 0);
        try (Launcher launcher = Launcher.on(TestPlatforms.platform(), options)) {
            LaunchOptions batch = V5.forWorkload(new Workload("batch"));
            assertThat(launcher.launch(image, sigstruct, batch).launched()).isTrue();
            LaunchResult over = launcher.launch(image, sigstruct, batch);
            assertThat(over.code()).isEqualTo("POLICY_QUOTA");
            assertThat(over.ioctlResult()).isEqualTo(-13);
            assertThat(launcher.launch(image, sigstruct, V5.forWorkload(new Workload("web")))
                            .launched())
                    .isTrue();
        }
    }

    /** Firmware locked the hash MSRs to an owner's key, which signs another launch enclave than this platform's. */
    @Test
    void withMsrsLockedToAnotherOwnerIsgxWorksWithThatOwnersTokens() throws Exception {
        Platform locked =
                TestPlatforms.platform().withLaunchControl(LaunchControl.lockedTo(TestPlatforms.THIRD_KEY.mrSigner()));
        byte[] token;
        try (Launcher owners = Launcher.on(locked.withLeKey(TestPlatforms.THIRD_KEY))) {
            token = owners.launch(image, sigstruct, ISGX).token().bytes();
        }
        try (Launcher launcher = Launcher.on(locked)) {
            assertThat(launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.MAINLINE))
                            .code())
                    .isEqualTo("DRIVER_ENODEV");
            LaunchResult v5 = launcher.launch(image, sigstruct, V5);
            assertThat(v5.code()).isEqualTo("LE_UNAVAILABLE");
            assertThat(v5.explanation().found()).contains("INIT returned 2");
            assertThat(launcher.launch(image, sigstruct, ISGX).code()).isEqualTo("LE_UNAVAILABLE");
            assertThat(launcher.launch(image, sigstruct, ISGX.withToken(token)).launched())
                    .isTrue();
            LaunchResult own = launcher.launch(image, TestEnclaves.sign(image, TestPlatforms.THIRD_KEY), ISGX);
            assertThat(own.launched()).as("%s", own).isTrue();
            assertThat(own.token().source()).isEqualTo(TokenSource.NONE);
        }
    }

    private Launcher on(Placement placement) {
        return Launcher.on(TestPlatforms.platform(), GovernorOptions.defaults().withPlacement(placement));
    }

    private Launcher on(Placement placement, TokenStore store) {
        return Launcher.on(
                TestPlatforms.platform(),
                GovernorOptions.defaults().withPlacement(placement).withTokenStore(store));
    }

    private TokenSource source(Launcher launcher, LaunchOptions options) throws LaunchException {
        LaunchResult result = launcher.launch(image, sigstruct, options);
        assertThat(result.launched()).as("%s", result).isTrue();
        return result.token().source();
    }
}
