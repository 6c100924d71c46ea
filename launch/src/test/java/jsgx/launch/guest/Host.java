package jsgx.launch.guest;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DriverOptions;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.EpcAccount;
import jsgx.driver.Fate;
import jsgx.driver.InterfaceKind;
import jsgx.driver.LaunchAuthority;
import jsgx.driver.LaunchRequest;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.SigstructCheck;
import jsgx.launch.LeAuthority;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.le.LeRequest;
import jsgx.launch.load.EnclaveLoader;

/** A host for virtual machines in a test: its launch authority does as the test tells it, and it counts EPC pages by workload. */
final class Host implements AutoCloseable, LaunchAuthority, EpcAccount {

    static final Workload VM = new Workload("vm");
    static final Workload PROGRAM = new Workload("program in the vm");
    static final int PAGE = 4096;

    final Platform platform;
    final SgxDriver driver;
    final List<LaunchRequest> asked = new CopyOnWriteArrayList<>();
    final List<String> heard = new CopyOnWriteArrayList<>();
    final Map<Workload, Integer> charged = new ConcurrentHashMap<>();
    volatile Decision decision = Decision.allow();
    volatile Fate fate = Fate.keep();
    volatile Runnable onDecide = () -> {};
    volatile Runnable onComplete = () -> {};
    volatile int limit = Integer.MAX_VALUE;

    Host(Platform platform) {
        this(platform, settings -> settings);
    }

    Host(Platform platform, UnaryOperator<DriverOptions> settings) {
        this.platform = platform;
        DriverOptions options = DriverOptions.defaults()
                .withFirmware(platform.launchControl()::initialize)
                .withAuthority(this)
                .withAccount(this)
                .withPause(duration -> {});
        driver = new SgxDriver(platform.powerOn(new Random(3)), settings.apply(options));
    }

    /** The hash of the launch enclave's signer. */
    byte[] leHash() {
        return HexFormat.of().parseHex(platform.leMrSigner());
    }

    /** A virtual machine whose firmware writes the launch enclave's hash. */
    GuestOptions options(int pages) {
        return GuestOptions.of(VM, (long) pages * PAGE)
                .withLePubKeyHash(leHash())
                .withKernel(kernel -> kernel.withSwapThread(false));
    }

    /** A token of the platform's launch enclave. */
    static byte[] token(Platform platform, Sigstruct sigstruct) {
        byte[] mrEnclave = sigstruct.enclaveHash().toArray(Layouts.U8);
        byte[] mrSigner = HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct));
        try (RunningPlatform running = RunningPlatform.of(platform)) {
            LeAuthority.Answer answer =
                    running.authority().ask(new LeRequest(mrEnclave, mrSigner, sigstruct.attributes()));
            return ((LeAuthority.Answer.Granted) answer).token();
        }
    }

    /** A program of a machine that has built an enclave. */
    static EnclaveLoader build(SgxDriver machine, InterfaceKind kind, EnclaveImage image, Attributes attributes) {
        try {
            EnclaveLoader loader =
                    new EnclaveLoader(kind, machine.device(kind).open(PROGRAM), new EmbeddedAddressSpace());
            long result = loader.create(image, attributes, 0);
            result = result == 0 ? loader.addPages(image.pages()) : result;
            if (result != 0) {
                throw new IllegalStateException(
                        "the build ended with " + result + ": " + loader.lastOutcome() + loader.lastRefusal());
            }
            return loader;
        } catch (DeviceAbsentException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What INIT through isgx returns. */
    static long launch(Guest guest, EnclaveImage image, Sigstruct sigstruct, byte[] token) {
        try (EnclaveLoader loader = build(guest.driver(), InterfaceKind.ISGX, image, sigstruct.attributes())) {
            return loader.init(sigstruct, EinitToken.of(token));
        }
    }

    @Override
    public Decision decide(LaunchRequest request) {
        asked.add(request);
        onDecide.run();
        return decision;
    }

    @Override
    public Fate complete(LaunchRequest request, Completion completion) {
        heard.add("complete " + request.enclave() + " " + completion.result());
        onComplete.run();
        return fate;
    }

    @Override
    public void released(long enclave, Workload workload) {
        heard.add("released " + enclave + " " + workload.name());
    }

    @Override
    public boolean charge(Workload workload, int pages) {
        int[] over = {0};
        charged.merge(workload, pages, (old, more) -> {
            over[0] = old + more > limit ? 1 : 0;
            return over[0] == 0 ? old + more : old;
        });
        return over[0] == 0;
    }

    @Override
    public void uncharge(Workload workload, int pages) {
        charged.merge(workload, -pages, Integer::sum);
    }

    /** No EPC page is in use or charged. */
    boolean isIdle() {
        boolean valid = false;
        var epcm = driver.processorPackage().epcm();
        for (int page = 0; page < driver.totalPages(); page++) {
            valid |= epcm.valid(page);
        }
        return !valid
                && driver.freePages() == driver.totalPages()
                && charged.values().stream().allMatch(n -> n == 0);
    }

    /** EPCM.VALID of all pages. */
    boolean[] valid() {
        boolean[] valid = new boolean[driver.totalPages()];
        for (int page = 0; page < valid.length; page++) {
            valid[page] = driver.processorPackage().epcm().valid(page);
        }
        return valid;
    }

    @Override
    public void close() {
        driver.close();
    }

    static boolean[] none(int pages) {
        boolean[] none = new boolean[pages];
        Arrays.fill(none, false);
        return none;
    }
}
