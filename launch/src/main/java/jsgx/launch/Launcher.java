package jsgx.launch;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.DriverOptions;
import jsgx.driver.InterfaceKind;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchResult.Token;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.guest.Guest;
import jsgx.launch.load.EnclaveLoader;
import org.jspecify.annotations.Nullable;

/**
 * Launches enclaves on a platform: the library call behind {@code jsgx launch}. The platform is switched on with the first
 * launch, its launch enclave starts with the first that needs it, and both end with {@link #close}.
 *
 * <pre>{@code
 * try (Launcher launcher = Launcher.on(PlatformFile.of(System.getenv()).loadOrCreate())) {
 *     LaunchResult result = launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.V5));
 * }
 * }</pre>
 */
public final class Launcher implements AutoCloseable {

    private static final int PAGE = 4096;

    /** EPC pages that a look needs besides the enclave's own: launch enclave, SECS, version arrays, what reclaim keeps free. */
    private static final long LOOK_PAGES = 512;

    private final Platform platform;
    private final GovernorOptions governance;
    private final UnaryOperator<DriverOptions> settings;
    private @Nullable RunningPlatform running;

    private Launcher(Platform platform, GovernorOptions governance, UnaryOperator<DriverOptions> settings) {
        this.platform = platform;
        this.governance = governance;
        this.settings = settings;
    }

    /** A launcher on a platform that is switched off and lets everything launch. */
    public static Launcher on(Platform platform) {
        return on(platform, GovernorOptions.defaults());
    }

    /** A launcher on a platform that is switched off, with rules for what may launch. */
    public static Launcher on(Platform platform, GovernorOptions governance) {
        return on(platform, governance, UnaryOperator.identity());
    }

    /** The same with changes to the driver's settings: the token extension of mainline, for one. */
    public static Launcher on(Platform platform, GovernorOptions governance, UnaryOperator<DriverOptions> settings) {
        return new Launcher(platform, governance, settings);
    }

    /**
     * A launcher on a platform that is switched on, which ends with it.
     *
     * @param governance what that platform goes by
     */
    public static Launcher on(RunningPlatform running, GovernorOptions governance) {
        Launcher launcher = new Launcher(running.platform(), governance, UnaryOperator.identity());
        launcher.running = running;
        return launcher;
    }

    /**
     * A launcher of a virtual machine's programs, on the machine's kernel as it is now: after a reboot of the machine, another one. Its
     * close ends neither the machine nor the host.
     *
     * @param programs where they keep their tokens; what may launch is this platform's governor's to say
     */
    public Launcher inside(Guest guest, GovernorOptions programs) {
        Launcher inside = new Launcher(platform, programs, settings);
        inside.running = running().inside(guest, programs);
        return inside;
    }

    public Platform platform() {
        return platform;
    }

    /** The platform, switched on. */
    public synchronized RunningPlatform running() {
        RunningPlatform present = running;
        if (present == null) {
            present = RunningPlatform.of(platform, governance, settings);
            running = present;
        }
        return present;
    }

    /**
     * Builds an enclave through the driver and initialises it; it is given up again when its fate is known.
     *
     * @throws LaunchException where the request makes no sense: a token for an interface that takes none, or a page that
     *     mainline cannot add
     */
    public LaunchResult launch(EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) throws LaunchException {
        check(image, options);
        return new Launch(running(), image, sigstruct, options).run();
    }

    /** Whether a launch would succeed, on a throw-away copy of this platform: no side effects. */
    public WouldLaunch wouldLaunch(EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) {
        long pages = Math.min(image.pages().size() + LOOK_PAGES, platform.epcBytes() / PAGE);
        LaunchResult result;
        try (Launcher copy = on(platform.withEpc(pages * PAGE), governance.forLooking())) {
            result = copy.launch(image, sigstruct, options);
        } catch (LaunchException e) {
            return new WouldLaunch(
                    false, "", new Explanation(String.valueOf(e.getMessage()), "", "", "", "", List.of(), ""));
        }
        return new WouldLaunch(result.launched(), result.code(), result.explanation());
    }

    /** What can be said of a bare SIGSTRUCT: whether EINIT takes its form and its signature. The enclave is not at hand. */
    public WouldLaunch wouldLaunch(Sigstruct sigstruct) {
        return BareSigstruct.judge(SigstructCheck.check(sigstruct));
    }

    /** Whether a token lets an enclave launch here: EINIT itself decides, through isgx. */
    public TokenCheck verify(byte[] token, EnclaveImage image, Sigstruct sigstruct) throws LaunchException {
        LaunchResult result = launch(
                image, sigstruct, LaunchOptions.through(InterfaceKind.ISGX).withToken(token));
        return new TokenCheck(result.launched(), result.code(), result.ioctlResult(), result.explanation());
    }

    private void check(EnclaveImage image, LaunchOptions options) throws LaunchException {
        InterfaceKind kind = options.driver();
        Optional<byte[]> token = options.token();
        boolean extended = kind == InterfaceKind.MAINLINE && running().hasTokenExtension();
        if (token.isPresent() && kind != InterfaceKind.ISGX && !extended) {
            throw new LaunchException("a token goes with isgx only: "
                    + (kind == InterfaceKind.V5
                            ? "on v5 the kernel gets it from the launch enclave"
                            : "mainline has none; jsgx's extension of it is off"));
        }
        Placement placement = running().governor().placement();
        if (placement.inUserSpace() && kind == InterfaceKind.V5) {
            throw new LaunchException(
                    "v5 hides the token from user space, which cannot keep it: use isgx with placement "
                            + placement.id() + ", or placement kernel");
        }
        if (token.isPresent() && token.get().length != Token.SIZE) {
            throw new LaunchException("an EINITTOKEN has %d bytes, not %d".formatted(Token.SIZE, token.get().length));
        }
        for (var page : image.pages()) {
            if (!EnclaveLoader.canAdd(kind, page)) {
                throw new LaunchException(
                        "page 0x%x is measured in part (chunks 0x%04x): mainline measures whole pages or none; use v5 or isgx"
                                .formatted(page.offset(), page.measured()));
            }
        }
    }

    @Override
    public synchronized void close() {
        if (running != null) {
            running.close();
            running = null;
        }
    }
}
