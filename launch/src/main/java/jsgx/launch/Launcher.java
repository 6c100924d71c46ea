package jsgx.launch;

import jsgx.arch.struct.Sigstruct;
import jsgx.image.EnclaveImage;

/**
 * Launches enclaves on a platform: the library call behind {@code jsgx launch}. The platform's driver and launch enclave
 * start with the first launch that needs them and end with {@link #close}.
 *
 * <pre>{@code
 * try (Launcher launcher = Launcher.on(PlatformFile.of(System.getenv()).loadOrCreate())) {
 *     LaunchResult result = launcher.launch(image, sigstruct, LaunchOptions.through(InterfaceKind.V5));
 * }
 * }</pre>
 */
public final class Launcher implements AutoCloseable {

    private final Platform platform;

    private Launcher(Platform platform) {
        this.platform = platform;
    }

    /** A launcher on a platform that has just been switched on. */
    public static Launcher on(Platform platform) {
        return new Launcher(platform);
    }

    public Platform platform() {
        return platform;
    }

    /**
     * Builds an enclave through the driver and initialises it.
     *
     * @throws LaunchException where the request makes no sense: a token for an interface that takes none
     */
    public LaunchResult launch(EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) throws LaunchException {
        return Skeleton.absent();
    }

    /** Whether a launch would succeed, on a throw-away copy of this platform: no side effects. */
    public WouldLaunch wouldLaunch(EnclaveImage image, Sigstruct sigstruct, LaunchOptions options) {
        return Skeleton.absent();
    }

    /** What can be said of a bare SIGSTRUCT: its own checks, and that its enclave is not at hand. */
    public WouldLaunch wouldLaunch(Sigstruct sigstruct) {
        return Skeleton.absent();
    }

    /** Whether a token lets an enclave launch here: EINIT itself decides, through isgx. */
    public TokenCheck verify(byte[] token, EnclaveImage image, Sigstruct sigstruct) throws LaunchException {
        return Skeleton.absent();
    }

    @Override
    public void close() {}
}
