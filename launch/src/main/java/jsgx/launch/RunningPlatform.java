package jsgx.launch;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import jsgx.arch.ProcessorPackage;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.Governor;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Judgement;
import jsgx.launch.guest.Guest;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.WhiteList;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserTokenCache;
import org.jspecify.annotations.Nullable;

/** A platform that is switched on: its processor package, the driver over it, and the launch authority with its launch enclave. */
public final class RunningPlatform implements AutoCloseable {

    private final Platform platform;
    private final SgxDriver driver;
    private final LeAuthority authority;
    private final Governor governor;
    private final LaunchRecorder recorder;
    private final @Nullable UserTokenCache userTokens;
    private final boolean tokenExtension;

    /** Whether launch enclave and driver end with this. */
    private final boolean owner;

    private RunningPlatform(
            Platform platform,
            SgxDriver driver,
            LeAuthority authority,
            Governor governor,
            LaunchRecorder recorder,
            @Nullable UserTokenCache userTokens,
            boolean tokenExtension,
            boolean owner) {
        this.platform = platform;
        this.driver = driver;
        this.authority = authority;
        this.governor = governor;
        this.recorder = recorder;
        this.userTokens = userTokens;
        this.tokenExtension = tokenExtension;
        this.owner = owner;
    }

    /** Switches a platform on that lets everything launch; its launch enclave is the Java twin. */
    public static RunningPlatform of(Platform platform) {
        return of(platform, GovernorOptions.defaults());
    }

    /** Switches a platform on; its launch enclave is the Java twin. */
    public static RunningPlatform of(Platform platform, GovernorOptions governance) {
        return of(platform, governance, UnaryOperator.identity());
    }

    /**
     * Switches a platform on; its launch enclave is the Java twin.
     *
     * @param settings changes to the driver's settings: its ports other than the launch authority
     */
    public static RunningPlatform of(
            Platform platform, GovernorOptions governance, UnaryOperator<DriverOptions> settings) {
        SecureRandom random = new SecureRandom();
        return of(platform, governance, random, new JavaLaunchEnclave(random), settings);
    }

    /** Switches a platform on that lets everything launch. */
    public static RunningPlatform of(
            Platform platform, Random random, LaunchEnclaveRunner runner, UnaryOperator<DriverOptions> settings) {
        return of(platform, GovernorOptions.defaults(), random, runner, settings);
    }

    /**
     * Switches a platform on.
     *
     * @param governance who may launch, and where tokens are kept
     * @param random where the processor's own random numbers come from
     * @param runner what runs the launch enclave
     * @param settings changes to the driver's settings: its ports other than the launch authority
     */
    public static RunningPlatform of(
            Platform platform,
            GovernorOptions governance,
            Random random,
            LaunchEnclaveRunner runner,
            UnaryOperator<DriverOptions> settings) {
        return of(platform, governance, platform.powerOn(random), runner, settings);
    }

    /**
     * Switches a platform on whose package is at hand: with an EPC that programs share, for one.
     *
     * @param governance who may launch, and where tokens are kept
     * @param cpu the platform's package ({@link Platform#powerOn}), which nobody else uses
     * @param runner what runs the launch enclave
     * @param settings changes to the driver's settings: its ports other than the launch authority
     */
    public static RunningPlatform of(
            Platform platform,
            GovernorOptions governance,
            ProcessorPackage cpu,
            LaunchEnclaveRunner runner,
            UnaryOperator<DriverOptions> settings) {
        LeAuthority authority =
                new LeAuthority(LaunchEnclave.of(platform.leKey(), platform.leProfile(), WhiteList.NONE), runner);
        LaunchRecorder recorder = new LaunchRecorder();
        Governor governor = new Governor(governance, authority, cpu::cpuSvn, recorder);
        DriverOptions options = settings.apply(
                        DriverOptions.defaults().withAccount(new WorkloadAccount(governor.quotas())))
                .withFirmware(platform.launchControl()::initialize)
                .withLaunchEnclaveSigner(HexFormat.of().parseHex(platform.leMrSigner()))
                .withAuthority(governor);
        SgxDriver driver = new SgxDriver(cpu, options);
        authority.connect(driver);
        return new RunningPlatform(
                platform,
                driver,
                authority,
                governor,
                recorder,
                userTokens(platform, authority, governance),
                options.tokenExtension(),
                true);
    }

    /**
     * The programs of a virtual machine of this platform, as its kernel is now: they have their own store of tokens, and the host's
     * launch enclave issues to them. What they may launch is the host's governor's to say. After a reboot of the machine it is another one.
     *
     * @param governance where the machine's user space keeps tokens
     */
    RunningPlatform inside(Guest guest, GovernorOptions governance) {
        LaunchRecorder notes = new LaunchRecorder();
        Governor programs = new Governor(governance, authority, driver.processorPackage()::cpuSvn, notes);
        return new RunningPlatform(
                platform,
                guest.driver(),
                authority,
                programs,
                notes,
                userTokens(platform, authority, governance),
                false,
                false);
    }

    private static @Nullable UserTokenCache userTokens(
            Platform platform, LeAuthority authority, GovernorOptions governance) {
        TokenStore store = governance.tokenStore();
        return store == null
                ? null
                : new UserTokenCache(
                        store,
                        () -> new TokenOrigin(platform.id(), HexFormat.of().formatHex(authority.signer())),
                        governance.clock(),
                        governance.fleet().tokens().orElse(null));
    }

    public Platform platform() {
        return platform;
    }

    public SgxDriver driver() {
        return driver;
    }

    /** Who says what may launch. */
    public Governor governor() {
        return governor;
    }

    /** Reports of the INITs that programs execute by themselves from now on. */
    public InitReports initReports() {
        recorder.always();
        return new InitReports(this);
    }

    /** Has somebody hear of all that the governor says to launches from now on; quickly, as launches wait for it. */
    public void listen(Judgement.Listener listener) {
        recorder.tell(listener);
    }

    /** The report of a launch that is over, as {@link InitReports} makes it; to be had as often as one likes, on any thread. */
    public InitReport report(Ending ending) {
        return InitReports.report(platform.leProfile(), ending);
    }

    /** Where user space keeps tokens; empty where it has no store. */
    public Optional<UserTokenCache> userTokens() {
        return Optional.ofNullable(userTokens);
    }

    /** Whether {@code /dev/sgx_enclave} has the token extension of jsgx. */
    public boolean hasTokenExtension() {
        return tokenExtension;
    }

    /** Who makes tokens: the launch enclave. */
    public LeAuthority authority() {
        return authority;
    }

    /** Suspend, or the virtual machine was moved: the EPC's content is lost, the launch enclave's too. */
    public void powerLoss() {
        authority.whileOutside(driver::powerLoss);
    }

    /** Takes the launch enclave down and ends the driver; those of a host are left to it. */
    @Override
    public void close() {
        if (owner) {
            authority.close();
            driver.close();
        }
        governor.close();
    }
}
