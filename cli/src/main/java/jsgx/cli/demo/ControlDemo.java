package jsgx.cli.demo;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import jsgx.arch.Fuses;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.demo.Demo.Ended;
import jsgx.cli.demo.Demo.Runner;
import jsgx.cli.demo.Demo.Step;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.PolicySource;
import jsgx.launch.governor.Revocation;
import jsgx.launch.guest.Guest;
import jsgx.launch.guest.GuestOptions;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.WorkloadQuota;
import jsgx.launch.store.TokenStore;
import jsgx.launch.token.TokenSource;

/** The part of the demonstration that the argument over token caches is about. Each launch of a step is one that the reader sees. */
final class ControlDemo {

    private static final long GUEST_EPC = 1 << 20;
    private static final Workload BATCH = new Workload("batch");
    private static final Workload WEB = new Workload("web");
    private static final LaunchOptions V5 = LaunchOptions.through(InterfaceKind.V5);
    private static final LaunchOptions ISGX = LaunchOptions.through(InterfaceKind.ISGX);

    private final Platform platform;
    private final EnclaveImage image;
    private final Sigstruct sigstruct;
    private final Path folder;
    private final Consumer<Ended> listener;

    ControlDemo(Platform platform, Demo.Enclave enclave, Path folder, Consumer<Ended> listener) {
        this.platform = platform;
        this.image = enclave.image();
        this.sigstruct = enclave.sigstruct();
        this.folder = folder;
        this.listener = listener;
    }

    void run(Random random) throws LaunchException {
        cached();
        restart();
        vmReboot();
        revoked();
        otherPlatform(random);
        quota();
    }

    /** The kernel keeps the token of one launch for the next. */
    private void cached() throws LaunchException {
        GovernorOptions kernel = GovernorOptions.defaults().withPlacement(Placement.KERNEL);
        try (Launcher launcher = Launcher.on(platform, kernel)) {
            launcher.launch(image, sigstruct, V5);
            launch(
                    launcher,
                    step("cached", "again, with the token in the kernel's cache", TokenSource.KERNEL_CACHE),
                    V5);
        }
    }

    /** User space keeps the token of one process for the next. */
    private void restart() throws LaunchException {
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = Launcher.on(platform, user(store))) {
            launcher.launch(image, sigstruct, ISGX);
        }
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = Launcher.on(platform, user(store))) {
            launch(launcher, step("restart", "after a restart, with the token from disk", TokenSource.STORE), ISGX);
        }
    }

    /** The opening mail's case for user space: a virtual machine reboots. */
    private void vmReboot() throws LaunchException {
        try (Launcher host = Launcher.on(platform)) {
            GuestOptions options = GuestOptions.of(new Workload("vm"), GUEST_EPC)
                    .withLePubKeyHash(HexFormat.of().parseHex(platform.leMrSigner()));
            try (Guest guest = Guest.boot(host.running().driver(), options)) {
                guest.reboot();
                try (TokenStore store = TokenStore.in(folder);
                        Launcher inside = host.inside(guest, user(store))) {
                    launch(
                            inside,
                            step("vm-reboot", "in a virtual machine that rebooted, with the same", TokenSource.STORE),
                            ISGX);
                }
            }
        }
    }

    /** Policy outranks every token. */
    private void revoked() throws LaunchException {
        try (Launcher launcher = Launcher.on(platform)) {
            byte[] valid = launcher.launch(image, sigstruct, ISGX).token().bytes();
            launcher.running()
                    .governor()
                    .revoker()
                    .revoke(new Revocation.Enclave(
                            HexFormat.of().formatHex(sigstruct.enclaveHash().toArray(Layouts.U8))));
            launch(
                    launcher,
                    new Step(
                            "revoked",
                            "revoked, with a token that EINIT would take",
                            List.of("POLICY_REVOKED"),
                            TokenSource.CALLER),
                    ISGX.withToken(valid));
        }
    }

    /** The token on disk came along to another machine. */
    private void otherPlatform(Random random) throws LaunchException {
        Platform other = platform.withFuses(Fuses.burn(random));
        try (TokenStore store = TokenStore.in(folder);
                Launcher launcher = Launcher.on(other, user(store))) {
            launch(
                    launcher,
                    step(
                            "other-platform",
                            "on another machine, with the token of this one",
                            TokenSource.LAUNCH_ENCLAVE),
                    ISGX);
        }
    }

    /** One workload has had its share; the other is untouched. */
    private void quota() throws LaunchException {
        WorkloadQuota once = new WorkloadQuota(Long.MAX_VALUE, 1, 1, 0, Long.MAX_VALUE, Long.MAX_VALUE);
        QuotaTable quotas = new QuotaTable(WorkloadQuota.UNLIMITED, Map.of(BATCH.name(), once));
        // All of it happens within one second, however slow the machine is.
        GovernorOptions limited = GovernorOptions.defaults()
                .withPolicy(PolicySource.of(LaunchPolicy.ALLOW_ALL, quotas))
                .withClocks(InstantSource.system(), () -> 0);
        try (Launcher launcher = Launcher.on(platform, limited)) {
            launcher.launch(image, sigstruct, V5.forWorkload(BATCH));
            launch(
                    launcher,
                    new Step("quota", "for a workload that had its one launch of this second", List.of("POLICY_QUOTA")),
                    V5.forWorkload(BATCH));
            launch(
                    launcher,
                    step("quota-neighbour", "for another workload, meanwhile", TokenSource.LAUNCH_ENCLAVE),
                    V5.forWorkload(WEB));
        }
    }

    private static GovernorOptions user(TokenStore store) {
        return GovernorOptions.defaults().withPlacement(Placement.USER).withTokenStore(store);
    }

    private static Step step(String name, String title, TokenSource source) {
        return new Step(name, title, Demo.SUCCESS, source);
    }

    private void launch(Launcher launcher, Step step, LaunchOptions options) throws LaunchException {
        new Runner(launcher, listener).launch(step, image, sigstruct, options);
    }
}
