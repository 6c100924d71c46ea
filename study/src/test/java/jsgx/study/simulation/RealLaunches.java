package jsgx.study.simulation;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import jsgx.arch.CpuSvn;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.Completion;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.image.EnclaveImage;
import jsgx.image.EnclavePage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SecsHints;
import jsgx.image.SigningKey;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructOptions;
import jsgx.image.SigstructSigner;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.Launcher;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.Durability;
import jsgx.launch.cache.WorkloadStatistics;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Judgement;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.Revocation;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LaunchEnclaveRunner;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeRequest;
import jsgx.launch.le.WhiteList;
import jsgx.launch.load.EnclaveLoader;
import jsgx.launch.load.EnclaveLostException;
import jsgx.launch.store.Terms;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.cost.Step;
import jsgx.study.trace.Event;

/** A machine on which enclaves really launch, with its tokens where a placement has them, that counts the steps which the simulator charges for. */
final class RealLaunches implements AutoCloseable {

    private static final int PAGE = 4096;
    private static final Workload WORKLOAD = new Workload("w0");

    /** Keys take a second to make. */
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final Platform PLATFORM = Platform.create(RANDOM).withEpc(4L << 20);
    private static final List<SigningKey> ROTATED = List.of(SigningKey.generate(RANDOM), SigningKey.generate(RANDOM));
    private static final SigningKey SIGNER = SigningKey.generate(RANDOM);

    private final Path folder;
    private final Placement placement;
    private final Map<Step, Integer> counts = new EnumMap<>(Step.class);

    /** What is closed when the machine goes down. */
    private final Deque<Closing> on = new ArrayDeque<>();

    private RunningPlatform running;
    private GovernorOptions options;
    private int rotations;

    private interface Closing {
        void close() throws LaunchException;
    }

    /** An enclave: a page that differs by its number. */
    private record Enclave(EnclaveImage image, Sigstruct sigstruct, TokenIdentity identity, String label) {

        static Enclave of(int number) throws Exception {
            byte[] code = new byte[PAGE];
            code[0] = (byte) number;
            EnclavePage page = new EnclavePage(
                    0, EnclavePage.reg(Secinfo.R | Secinfo.X), EnclavePage.ALL, MemorySegment.ofArray(code));
            EnclaveImage image = new EnclaveImage(
                    EnclaveImage.Format.SGXS, 2 * PAGE, 1, List.of(page), EnclaveImage.UNSIGNED, SecsHints.NONE);
            String mrEnclave = ImageMeasurement.measure(image).mrEnclave();
            Sigstruct sigstruct = SigstructSigner.sign(SigstructOptions.of(mrEnclave, 0x20171219), SIGNER);
            HexFormat hex = HexFormat.of();
            return new Enclave(
                    image,
                    sigstruct,
                    TokenIdentity.of(
                            hex.parseHex(mrEnclave),
                            hex.parseHex(SigstructCheck.mrSigner(sigstruct)),
                            sigstruct.attributes()),
                    mrEnclave);
        }
    }

    /** No token was issued. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
    }

    RealLaunches(Placement placement, Path folder) throws LaunchException {
        this.folder = folder;
        this.placement = placement;
        this.options = options();
        this.running = switchOn();
    }

    private GovernorOptions options() throws LaunchException {
        Governance governance = Governance.in(folder, InstantSource.system(), Durability.ASYNC);
        if (placement.inUserSpace()) {
            governance.withTokens();
        }
        on.push(governance::close);
        return governance.options().withAudit(this::recorded).withPlacement(placement);
    }

    private RunningPlatform switchOn() {
        LaunchEnclaveRunner java = new JavaLaunchEnclave(RANDOM);
        LaunchEnclaveRunner counting = (enclave, driver) -> {
            LaunchEnclaveRunner.Running real = java.start(enclave, driver);
            return new LaunchEnclaveRunner.Running() {
                @Override
                public LeAnswer ask(LeRequest request) throws EnclaveLostException {
                    count(Step.LAUNCH_ENCLAVE);
                    return real.ask(request);
                }

                @Override
                public void close() {
                    real.close();
                }
            };
        };
        RunningPlatform machine =
                RunningPlatform.of(PLATFORM, options, RANDOM, counting, driver -> driver.withTokenExtension(true));
        on.push(machine::close);
        machine.listen(new Judgement.Listener() {
            @Override
            public void judged(Judgement judgement) {}

            @Override
            public void ended(Ending ending) {
                if (ending.completion() instanceof Completion.Executed) {
                    count(Step.EINIT);
                }
            }
        });
        return machine;
    }

    /** A launch is governed by an intent and its outcome, both recorded: the first says that it was not refused. */
    private void recorded(AuditEvent event) {
        if (event.kind() == AuditEvent.Kind.INTENT) {
            count(Step.GOVERN);
        } else if (event.kind() == AuditEvent.Kind.TOKEN && event.verdict().equals("issued")) {
            count(Step.ISSUE);
        }
    }

    private void count(Step step) {
        counts.merge(step, 1, Integer::sum);
    }

    /** Launches an enclave and gives it up again: the steps that this took; whether it launched is whether EINIT is among them. */
    Map<Step, Integer> launch(int number) throws Exception {
        Enclave enclave = Enclave.of(number);
        counts.clear();
        WorkloadStatistics before = running.governor().cache().statistics().total();
        if (placement.inUserSpace()) {
            launchFromUserSpace(enclave);
        } else {
            // It is not closed: the machine would go down with it.
            Launcher.on(running, options)
                    .launch(
                            enclave.image,
                            enclave.sigstruct,
                            LaunchOptions.through(InterfaceKind.V5).forWorkload(WORKLOAD));
        }
        WorkloadStatistics after = running.governor().cache().statistics().total();
        add(Step.KERNEL_HIT, after.hits() - before.hits());
        add(Step.KERNEL_KEEP, after.loads() - before.loads());
        return new EnumMap<>(counts);
    }

    private void add(Step step, long more) {
        if (more > 0) {
            counts.put(step, Math.toIntExact(more));
        }
    }

    private void launchFromUserSpace(Enclave enclave) throws Exception {
        UserTokenCache cache = running.userTokens().orElseThrow();
        try (EnclaveLoader loader = new EnclaveLoader(
                InterfaceKind.MAINLINE,
                running.driver().device(InterfaceKind.MAINLINE).open(WORKLOAD),
                new EmbeddedAddressSpace())) {
            loader.create(enclave.image, enclave.sigstruct.attributes(), 0);
            loader.addPages(enclave.image.pages());
            UserToken token = cache.get(enclave.label, enclave.identity, this::issue);
            tell(token);
            long result = loader.initWithToken(enclave.sigstruct, EinitToken.of(token.token()));
            if (result != 0) {
                tell(cache.refetch(enclave.label, enclave.identity, Terms.DEFAULT, token.token(), result, asked -> {
                    byte[] fresh = issue(asked);
                    if (loader.initWithToken(enclave.sigstruct, EinitToken.of(fresh)) != 0) {
                        throw new IllegalStateException("a fresh token is refused");
                    }
                    return fresh;
                }));
            }
        } catch (Refused e) {
            // No token, no EINIT: the counts say so.
        }
    }

    private void tell(UserToken token) {
        switch (token.source()) {
            case USER_CACHE -> count(Step.STORE_MEMORY);
            case STORE -> count(Step.STORE_DISK);
            case ISSUED -> {
                if (token.notKept().isEmpty()) {
                    count(Step.STORE_KEEP);
                }
            }
        }
    }

    private byte[] issue(TokenIdentity identity) throws Refused {
        if (running.governor().issueToUserSpace(identity, WORKLOAD).issue().answer()
                instanceof Answer.Granted(byte[] token)) {
            count(Step.SOCKET);
            return token;
        }
        throw new Refused();
    }

    /** Does to the machine what an event of a trace does. */
    void happens(Event event, int enclave) throws Exception {
        ProcessorPackage cpu = running.driver().processorPackage();
        switch (event) {
            case REBOOT -> {
                close();
                options = options();
                running = switchOn();
            }
            case ROTATE_LAUNCH_ENCLAVE -> {
                running.authority()
                        .rotate(LaunchEnclave.of(ROTATED.get(rotations), PLATFORM.leProfile(), WhiteList.NONE));
                rotations++;
            }
            case RAISE_CPUSVN -> cpu.cpuSvn(CpuSvn.parse("030602ff010100000000000000000000"));
            case LOWER_CPUSVN -> cpu.cpuSvn(PLATFORM.cpuSvn());
            case REVOKE -> running.governor().revoker().revoke(revocation(enclave));
            case REINSTATE -> running.governor().revoker().reinstate(revocation(enclave));
            case LAUNCH, LAST_LAUNCH, MIGRATE -> throw new IllegalArgumentException("not done here: " + event);
        }
    }

    /** User space needs a token no more. */
    void discard(int enclave) throws Exception {
        running.userTokens().orElseThrow().discard(Enclave.of(enclave).label);
    }

    private static Revocation revocation(int enclave) throws Exception {
        return new Revocation.Enclave(Enclave.of(enclave).label);
    }

    @Override
    public void close() throws LaunchException {
        while (!on.isEmpty()) {
            on.pop().close();
        }
    }
}
