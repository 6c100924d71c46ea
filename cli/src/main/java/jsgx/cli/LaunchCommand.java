package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.client.HostFolder;
import jsgx.host.client.LaunchAnswer;
import jsgx.host.client.LaunchCall;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.LaunchOptions;
import jsgx.launch.LaunchResult;
import jsgx.launch.Launcher;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.TokenFile;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.json.Json;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.machine.Machine;
import jsgx.machine.MachineException;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jsgx launch}. */
@Command(
        name = "launch",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx launch FILE [--sigstruct S] [--interface mainline|v5|isgx] [--token T] [OPTION...]",
        description = "Build an enclave through the driver and initialise it; say why where it is refused.",
        footerHeading = "%nExit status 1 where it is refused.%n%nExamples:%n",
        footer = {
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --interface isgx --save-token enclave.token",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --interface isgx --token enclave.token",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --placement user",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --native-le",
            "  jsgx launch enclave.sgxs --sigstruct enclave.sigstruct --dry-run"
        })
final class LaunchCommand extends Subcommand {

    /** What a user says of a processor of his own, and of his own store. */
    private static final List<String> OF_THE_DAEMON = List.of(
            "--epc",
            "--token-extension",
            "--audit-durability",
            "--native-le",
            "--le",
            "--le-sigstruct",
            "--label",
            "--trust-store");

    @Parameters(paramLabel = "FILE", description = "The enclave.")
    private String file = "";

    @Option(
            names = "--sigstruct",
            paramLabel = "S",
            description = "The SIGSTRUCT of a file that carries none, or another.")
    private @Nullable String sigstructFile;

    @Option(
            names = "--interface",
            paramLabel = "mainline|v5|isgx",
            converter = Interfaces.class,
            description =
                    "mainline: no tokens; v5, the default: the driver asks the launch enclave; isgx, the default where"
                            + " user space keeps tokens: the caller brings the token.")
    private @Nullable InterfaceKind chosen;

    @Option(
            names = "--token",
            paramLabel = "T",
            description = "The token to bring, with isgx; without it the launch enclave is asked for one.")
    private @Nullable String tokenFile;

    @Option(names = "--save-token", paramLabel = "T", description = "With isgx, keep the token in this file, 0600.")
    private @Nullable String saveToken;

    @Option(
            names = "--epc",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "The EPC's size for this launch, for example 93.5MiB.")
    private @Nullable Long epc;

    @Option(
            names = "--attributes",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "SECS.ATTRIBUTES other than the SIGSTRUCT's.")
    private @Nullable Long attributes;

    @Option(
            names = "--xfrm",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "SECS.XFRM, likewise.")
    private @Nullable Long xfrm;

    @Option(
            names = "--misc-select",
            paramLabel = "MASK",
            converter = Numbers.Mask32.class,
            description = "SECS.MISCSELECT, likewise.")
    private @Nullable Integer miscSelect;

    @Option(
            names = "--against",
            paramLabel = "OTHER",
            description =
                    "The enclave that was signed: where the measurement is wrong, the first page that differs from it"
                            + " is named.")
    private @Nullable String against;

    @Option(names = "--dry-run", description = "Say what the policy says to it, and launch nothing.")
    private boolean dryRun;

    @Mixin
    private ControlOptions control = new ControlOptions();

    @Mixin
    private StoreOptions store = new StoreOptions();

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    @Mixin
    private LaunchEnclaveOptions launchEnclave = new LaunchEnclaveOptions();

    @Spec
    private CommandSpec spec;

    LaunchCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, MachineException, IOException {
        check();
        EnclaveImage image = enclaves.image(file, surroundings);
        Sigstruct sigstruct = enclaves.sigstruct(file, image, sigstructFile, surroundings);
        Optional<HostFolder> daemon = HostFolder.find(surroundings.environment());
        if (daemon.isPresent()) {
            return launch(daemon.get(), image, sigstruct);
        }
        LaunchOptions options = store.apply(options(sigstruct), control, file);
        if (dryRun) {
            return judge(options.subject(image, sigstruct, surroundings.clock().instant()));
        }
        @Nullable Path save = saveToken == null ? null : surroundings.file(saveToken);
        Platform platform = platform();
        Optional<LaunchEnclave> other = launchEnclave.other(surroundings);
        @Nullable LaunchResult ended = null;
        // The launch enclave's own code runs in a program of its own, which must see the EPC.
        try (@Nullable SharedEpc shared = launchEnclave.natively() ? SharedEpc.allocate(platform.epcSections()) : null;
                Governance governance = control.open(surroundings);
                Launcher launcher =
                        launcher(platform, control.governor(governance.options(), surroundings), other, shared)) {
            ended = launcher.launch(image, sigstruct, options);
        } catch (LaunchException e) {
            if (ended == null) {
                throw e;
            }
            // The launch is decided and recorded; what its trail, store or revision could not do at the end changes
            // nothing of that.
            surroundings.err().println("jsgx: warning: " + Text.printable(String.valueOf(e.getMessage())));
        }
        return tell(
                image,
                sigstruct,
                ended,
                save,
                control.placement(),
                options.workload().name());
    }

    /** On the processor of a daemon, by whose launch control it goes. */
    private int launch(HostFolder daemon, EnclaveImage image, Sigstruct sigstruct)
            throws BadInput, ImageException, LaunchException, IOException {
        for (String option : OF_THE_DAEMON) {
            if (isGiven(option)) {
                throw wrong(
                        option + " is for the daemon at "
                                + Text.printable(daemon.path().toString())
                                + " to say, whose processor this is: leave it away, or launch without a daemon with JSGX_RUN=none");
            }
        }
        LaunchOptions options = options(sigstruct);
        LaunchCall call = new LaunchCall(
                image,
                sigstruct,
                chosen,
                options.attributes().orElse(sigstruct.attributes()),
                options.miscSelect().orElse(sigstruct.miscSelect()),
                options.token().orElse(new byte[0]),
                options.compareWith().orElse(null),
                control.wishes(isGiven("--placement"), surroundings));
        DaemonLaunches launches = new DaemonLaunches(daemon);
        if (dryRun) {
            LaunchAnswer.Judged judged = launches.judge(call);
            return tell(
                    judged.verdict(),
                    options.forWorkload(new Workload(judged.workload()))
                            .subject(image, sigstruct, surroundings.clock().instant()));
        }
        @Nullable Path save = saveToken == null ? null : surroundings.file(saveToken);
        LaunchAnswer.Launched launched = launches.launch(call);
        return tell(image, sigstruct, launched.result(), save, launched.placement(), launched.workload());
    }

    private boolean isGiven(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    private int tell(
            EnclaveImage image,
            Sigstruct sigstruct,
            LaunchResult result,
            @Nullable Path save,
            Placement placement,
            String workload)
            throws LaunchException, IOException {
        if (save != null && result.token().bytes().length != 0) {
            EinitToken token = EinitToken.of(result.token().bytes());
            new TokenFile(TokenFile.Format.RAW, token).write(save, TokenFile.Format.RAW);
        }
        if (json()) {
            print(new Json()
                    .put("file", file)
                    .putAll(LaunchResults.json(result))
                    .put("placement", placement.id())
                    .put("workload", workload));
        } else {
            show(image, sigstruct, result);
        }
        return result.launched() ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private Launcher launcher(
            Platform platform, GovernorOptions rules, Optional<LaunchEnclave> other, @Nullable SharedEpc shared) {
        if (shared == null) {
            return Launcher.on(platform, rules, control::driver);
        }
        SecureRandom random = new SecureRandom();
        MachineOptions program = MachineOptions.defaults();
        RunningPlatform running = RunningPlatform.of(
                platform,
                rules,
                platform.powerOn(random, shared.epc()),
                launchEnclave.runner(shared, random),
                defaults -> Machine.driver(control.driver(defaults), program));
        other.ifPresent(running.authority()::rotate);
        return Launcher.on(running, rules);
    }

    private InterfaceKind driver() {
        if (chosen != null) {
            return chosen;
        }
        return control.placement().inUserSpace() ? InterfaceKind.ISGX : InterfaceKind.V5;
    }

    private void check() {
        boolean takesTokens =
                driver() == InterfaceKind.ISGX || (driver() == InterfaceKind.MAINLINE && control.tokenExtension());
        if (!takesTokens && tokenFile != null) {
            throw wrong("--token goes with --interface isgx: " + tokenless());
        }
        if (!takesTokens && saveToken != null) {
            throw wrong("--save-token goes with --interface isgx: " + tokenless());
        }
        for (String contradiction : List.of(control.contradiction(driver()), launchEnclave.contradiction())) {
            if (!contradiction.isEmpty()) {
                throw wrong(contradiction);
            }
        }
    }

    /** The verdict of policy and revocations alone. */
    private int judge(PolicySubject subject) throws BadInput, LaunchException, IOException {
        GovernorOptions rules =
                control.look(Governance.look(Platforms.folder(surroundings), surroundings.clock()), surroundings);
        return tell(rules.judge(subject), subject);
    }

    private int tell(PolicyVerdict verdict, PolicySubject subject) {
        if (json()) {
            print(new Json()
                    .put("file", file)
                    .put("dryRun", true)
                    .putAll(Policies.json(verdict))
                    .put("revision", verdict.revision())
                    .put("mrenclave", HexFormat.of().formatHex(subject.mrEnclave()))
                    .put("mrsigner", HexFormat.of().formatHex(subject.mrSigner()))
                    .put("workload", subject.workload()));
        } else {
            Screen screen = screen();
            boolean launches = verdict.effect().launches();
            String where = verdict.where().isEmpty() ? "" : " (" + verdict.where() + ")";
            screen.line((launches ? screen.good("would launch") : screen.bad("would be refused")) + "  "
                    + Policies.word(verdict.effect()) + ": rule \"" + Text.printable(verdict.rule()) + "\""
                    + Text.printable(where)
                    + (verdict.reason().isEmpty() ? "" : ": " + screen.hashes(Text.printable(verdict.reason()))));
            screen.line("nothing was launched: only policy and revocations were asked");
        }
        return verdict.effect().launches() ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private String tokenless() {
        return driver() == InterfaceKind.V5
                ? "on v5 the driver gets the token, and user space never sees one"
                : "mainline has no tokens";
    }

    private LaunchOptions options(Sigstruct sigstruct) throws BadInput, ImageException, LaunchException, IOException {
        LaunchOptions options = LaunchOptions.through(driver());
        if (tokenFile != null) {
            EinitToken token = TokenFile.read(EnclaveOptions.existing(tokenFile, surroundings))
                    .token();
            options = options.withToken(SigstructFields.bytes(token.memory()));
        }
        if (attributes != null || xfrm != null) {
            Attributes signed = sigstruct.attributes();
            options = options.withAttributes(new Attributes(
                    attributes == null ? signed.flags() : attributes, xfrm == null ? signed.xfrm() : xfrm));
        }
        if (miscSelect != null) {
            options = options.withMiscSelect(miscSelect);
        }
        if (against != null) {
            options = options.compareWith(enclaves.image(against, surroundings));
        }
        return options;
    }

    private Platform platform() throws LaunchException {
        Platform own = Platforms.own(surroundings);
        return epc == null ? own : own.withEpc(epc);
    }

    private void show(EnclaveImage image, Sigstruct sigstruct, LaunchResult result) {
        Screen screen = screen();
        screen.line(Text.printable(file) + "  " + SigstructFields.summary(screen, sigstruct) + ", "
                + Text.count(image.pages().size(), "page") + " in " + Text.size(image.size()) + ", through "
                + Interfaces.id(result.driver()));
        screen.blank();
        LaunchResults.show(screen, result);
    }
}
