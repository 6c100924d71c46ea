package jsgx.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.stream.Collectors;
import jsgx.driver.DriverOptions;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Workload;
import jsgx.host.client.Wishes;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import jsgx.launch.file.FileReader;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Placement;
import jsgx.launch.governor.PolicySource;
import jsgx.launch.governor.Workloads;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicyFolder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of launch control: who may launch, for whom, and where tokens are kept. */
final class ControlOptions {

    private static final int LONGEST_WORKLOAD = 255;

    @Option(
            order = 40,
            names = "--placement",
            paramLabel = "none|kernel|user|both",
            converter = Placements.class,
            description =
                    "Where tokens are kept: nowhere, the default; in the kernel, hidden; in user space's store, which"
                            + " needs isgx; or both.")
    private Placement placement = Placement.NONE;

    @Option(
            order = 43,
            names = "--token-extension",
            description = "Let mainline take tokens through an ioctl that Linux does not have.")
    private boolean tokenExtension;

    @Option(
            order = 44,
            names = "--workload",
            paramLabel = "NAME",
            description = "Whom the launch is charged to; your uid, as uid:1000.")
    private @Nullable String workload;

    @Option(
            order = 45,
            names = "--policy",
            paramLabel = "FILE",
            description =
                    "The policy to go by, in place of that in force; under a daemon, where it is granted, besides the host's.")
    private @Nullable String policy;

    @Option(
            order = 46,
            names = "--audit-durability",
            paramLabel = "each|group|async",
            converter = Durabilities.class,
            description = "When the record of a decision counts as written; group.")
    private Durability durability = Durability.GROUP;

    Placement placement() {
        return placement;
    }

    boolean tokenExtension() {
        return tokenExtension;
    }

    /** What the user says that is a host's to say, unless it granted that. */
    Wishes wishes(boolean namesPlacement, Surroundings surroundings) throws BadInput, IOException {
        String rules = policy == null ? "" : rules(policy, surroundings);
        return new Wishes(
                rules,
                namesPlacement ? placement.id() : "",
                workload == null ? "" : workload().name());
    }

    private static String rules(String name, Surroundings surroundings) throws BadInput, IOException {
        Path file = EnclaveOptions.existing(name, surroundings);
        byte[] bytes;
        try {
            FileReader reader = new FileReader(InstantSource.system());
            bytes = reader.read(file, Wishes.LONGEST_POLICY).bytes();
        } catch (IOException e) {
            throw new BadInput("--policy " + Text.printable(name) + ": " + FileReader.reason(e));
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Whether the user says whom to charge. */
    boolean namesWorkload() {
        return workload != null;
    }

    Workload workload() throws BadInput {
        String name = workload;
        if (name == null) {
            return Workloads.ofThisProcess();
        }
        if (name.isBlank()
                || name.length() > LONGEST_WORKLOAD
                || !Text.printable(name).equals(name)) {
            throw new BadInput("--workload \"" + Text.printable(name)
                    + "\" is no name: expected 1 to 255 characters that can be printed");
        }
        return new Workload(name);
    }

    /** The user's launch control. */
    Governance open(Surroundings surroundings) throws LaunchException {
        Governance governance = Governance.in(Platforms.folder(surroundings), surroundings.clock(), durability);
        return placement.inUserSpace() ? governance.withTokens() : governance;
    }

    /** What a governor goes by that launches. */
    GovernorOptions governor(GovernorOptions own, Surroundings surroundings)
            throws BadInput, LaunchException, IOException {
        Path key = Platforms.folder(surroundings).resolve(PolicyFolder.KEY);
        if (policy != null && Files.exists(key, LinkOption.NOFOLLOW_LINKS)) {
            throw new BadInput("--policy does not replace a policy whose key is pinned by " + key
                    + ": see what it would say with --dry-run, or put it in force, signed, with  jsgx policy reload");
        }
        return look(own, surroundings);
    }

    /** What a governor goes by that only looks. */
    GovernorOptions look(GovernorOptions own, Surroundings surroundings) throws BadInput, IOException {
        GovernorOptions options = own.withPlacement(placement);
        if (policy == null) {
            return options;
        }
        try {
            Policy rules = PolicyFile.load(EnclaveOptions.existing(policy, surroundings))
                    .withRevision(own.revocations().revisions().revision());
            return options.withPolicy(PolicySource.of(rules, rules.quotas()));
        } catch (PolicyException e) {
            throw new BadInput(Text.printable(String.valueOf(e.getMessage())));
        }
    }

    /** The driver's settings. */
    DriverOptions driver(DriverOptions defaults) {
        return defaults.withTokenExtension(tokenExtension);
    }

    /** Why these do not go together; empty where they do. */
    String contradiction(InterfaceKind driver) {
        if (placement.inUserSpace() && driver == InterfaceKind.V5) {
            return "--placement " + placement.id()
                    + " does not go with --interface v5, which hides the token from user space:"
                    + " take --interface isgx, or --placement kernel";
        }
        if (placement.inUserSpace() && driver == InterfaceKind.MAINLINE && !tokenExtension) {
            return "--placement " + placement.id()
                    + " goes with --interface mainline only if it takes tokens: add --token-extension";
        }
        return "";
    }

    static final class Placements implements ITypeConverter<Placement> {
        @Override
        public Placement convert(String text) {
            return Placement.of(text)
                    .orElseThrow(() -> new TypeConversionException("there is no placement \"" + Text.printable(text)
                            + "\": expected none, kernel, user or both"));
        }
    }

    static final class Durabilities implements ITypeConverter<Durability> {
        @Override
        public Durability convert(String text) {
            return Arrays.stream(Durability.values())
                    .filter(durability -> durability.id().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("there is no durability \"" + Text.printable(text)
                            + "\": expected "
                            + Arrays.stream(Durability.values())
                                    .map(Durability::id)
                                    .collect(Collectors.joining(", "))));
        }
    }
}
