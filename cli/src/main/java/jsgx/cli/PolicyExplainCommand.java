package jsgx.cli;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.Screen.Fact;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyExplanation;
import jsgx.launch.policy.PolicyExplanation.RuleTrace;
import jsgx.launch.policy.PolicySubject;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx policy explain}. */
@Command(
        name = "explain",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis =
                "jsgx policy explain [FILE] [--enclave F] [--sigstruct S] [--workload W] [--time T] [OPTION...]",
        description = {
            "Say what a policy says to a launch, which rule decides, and which rules match but for one condition.",
            "The launch is that of an enclave, or is given field by field; what is not given is zero."
        },
        footerHeading = "%nExit status 1 where the policy refuses.%n%nExamples:%n",
        footer = {
            "  jsgx policy explain policy.yaml --enclave enclave.sgxs --sigstruct enclave.sigstruct",
            "  jsgx policy explain policy.yaml --svn 3 --attributes 0x6 --workload prod/web"
        })
final class PolicyExplainCommand extends Subcommand {

    private static final int MOST = 10;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The policy; without one, that in force.")
    private @Nullable String file;

    @Option(names = "--enclave", paramLabel = "F", description = "The enclave.")
    private @Nullable String enclave;

    @Option(names = "--sigstruct", paramLabel = "S", description = "Its SIGSTRUCT, where it carries none.")
    private @Nullable String sigstructFile;

    @Option(names = "--workload", paramLabel = "W", description = "Whose launch it is.")
    private String workload = "";

    @Option(names = "--time", paramLabel = "T", description = "When, as 2026-01-31T08:00:00Z; now.")
    private @Nullable String time;

    @Option(names = "--mrenclave", paramLabel = "HEX", description = "MRENCLAVE.")
    private @Nullable String mrEnclave;

    @Option(names = "--mrsigner", paramLabel = "HEX", description = "MRSIGNER.")
    private @Nullable String mrSigner;

    @Option(names = "--product-id", paramLabel = "N", converter = Numbers.U16.class, description = "ISVPRODID.")
    private @Nullable Integer productId;

    @Option(names = "--svn", paramLabel = "N", converter = Numbers.U16.class, description = "ISVSVN.")
    private @Nullable Integer svn;

    @Option(
            names = "--attributes",
            paramLabel = "MASK",
            converter = Numbers.Mask64.class,
            description = "SECS.ATTRIBUTES.")
    private @Nullable Long attributes;

    @Option(names = "--xfrm", paramLabel = "MASK", converter = Numbers.Mask64.class, description = "SECS.XFRM.")
    private @Nullable Long xfrm;

    @Option(
            names = "--misc-select",
            paramLabel = "MASK",
            converter = Numbers.Mask32.class,
            description = "SECS.MISCSELECT.")
    private @Nullable Integer miscSelect;

    @Option(
            names = "--enclave-size",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "SECS.SIZE, for example 2MiB.")
    private @Nullable Long enclaveSize;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    PolicyExplainCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        PolicySubject subject = subject();
        PolicyExplanation explanation;
        Optional<Remote> daemon = file == null ? Remote.find(surroundings) : Optional.empty();
        try {
            explanation = daemon.isPresent()
                    ? RemotePolicy.explain(daemon.get(), subject)
                    : Policies.policy(file, surroundings).explain(subject);
        } catch (PolicyException e) {
            if (json()) {
                print(new Json().put("valid", false).put("errors", Policies.json(e.errors())));
                return ExitStatus.REFUSED;
            }
            return Policies.refused(screen(), e.errors());
        }
        boolean launches = explanation.verdict().effect().launches();
        if (json()) {
            print(new Json()
                    .put("valid", true)
                    .put("subject", json(subject))
                    .putAll(Policies.json(explanation.verdict()))
                    .put(
                            "matching",
                            explanation.matching().stream()
                                    .map(PolicyExplainCommand::json)
                                    .toList())
                    .put(
                            "nearlyMatching",
                            explanation.nearlyMatching().stream()
                                    .map(PolicyExplainCommand::json)
                                    .toList()));
        } else {
            show(explanation);
        }
        return launches ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private PolicySubject subject() throws BadInput, ImageException, IOException {
        byte[] measured = new byte[32];
        byte[] signer = new byte[32];
        Sigstruct sigstruct = Sigstruct.allocate();
        long size = 0;
        if (enclave != null) {
            EnclaveImage image = enclaves.image(enclave, surroundings);
            sigstruct = enclaves.sigstruct(enclave, image, sigstructFile, surroundings);
            size = image.size();
        } else if (sigstructFile != null) {
            sigstruct = EnclaveOptions.sigstruct(sigstructFile, surroundings);
        }
        if (enclave != null || sigstructFile != null) {
            measured = SigstructFields.bytes(sigstruct.enclaveHash());
            signer = HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct));
        }
        Attributes signed = sigstruct.attributes();
        return new PolicySubject(
                mrEnclave == null ? measured : hash("--mrenclave", mrEnclave),
                mrSigner == null ? signer : hash("--mrsigner", mrSigner),
                productId == null ? sigstruct.isvProdId() : productId,
                svn == null ? sigstruct.isvSvn() : svn,
                new Attributes(attributes == null ? signed.flags() : attributes, xfrm == null ? signed.xfrm() : xfrm),
                miscSelect == null ? sigstruct.miscSelect() : miscSelect,
                enclaveSize == null ? size : enclaveSize,
                workload,
                time());
    }

    private Instant time() throws BadInput {
        try {
            return time == null ? surroundings.clock().instant() : Instant.parse(time);
        } catch (DateTimeException e) {
            throw new BadInput("--time: \"" + Text.printable(String.valueOf(time))
                    + "\" is no time: expected one such as 2026-01-31T08:00:00Z");
        }
    }

    private static byte[] hash(String option, String hex) throws BadInput {
        if (!hex.matches("[0-9a-fA-F]{64}")) {
            throw new BadInput(option + ": \"" + Text.printable(hex) + "\" is no hash: expected 64 hexadecimal digits");
        }
        return HexFormat.of().parseHex(hex);
    }

    private void show(PolicyExplanation explanation) {
        Screen screen = screen();
        String effect = Policies.word(explanation.verdict().effect());
        screen.line((explanation.verdict().effect().launches() ? screen.good(effect) : screen.bad(effect)) + "  rule \""
                + Text.printable(explanation.verdict().rule()) + "\" ("
                + explanation.verdict().where() + ")");
        if (!explanation.verdict().reason().isEmpty()) {
            screen.line("  " + Text.printable(explanation.verdict().reason()));
        }
        section(screen, "matches", explanation.matching(), true);
        section(screen, "matches but for one condition", explanation.nearlyMatching(), false);
    }

    private static void section(Screen screen, String title, List<RuleTrace> rules, boolean whole) {
        if (rules.isEmpty()) {
            return;
        }
        screen.blank();
        screen.line(title);
        rules.stream().limit(MOST).forEach(rule -> {
            screen.line("  " + Policies.word(rule.effect()) + "  \"" + Text.printable(rule.rule()) + "\" ("
                    + rule.where() + ")");
            List<Fact> facts = new ArrayList<>();
            for (PolicyExplanation.Check check : whole ? rule.checks() : rule.failed()) {
                facts.add(new Fact(
                        "  " + check.condition(),
                        Text.printable(
                                check.holds()
                                        ? check.expected() + ": found " + check.found()
                                        : "expected " + check.expected() + ", found " + check.found())));
            }
            screen.facts(facts);
        });
        if (rules.size() > MOST) {
            screen.line("  and " + (rules.size() - MOST) + " more");
        }
    }

    private static Json json(PolicySubject subject) {
        return new Json()
                .put("mrenclave", HexFormat.of().formatHex(subject.mrEnclave()))
                .put("mrsigner", HexFormat.of().formatHex(subject.mrSigner()))
                .put("isvProdId", subject.isvProdId())
                .put("isvSvn", subject.isvSvn())
                .put("attributes", Text.mask(subject.attributes().flags()))
                .put("xfrm", Text.mask(subject.attributes().xfrm()))
                .put("miscSelect", Text.mask(subject.miscSelect()))
                .put("size", subject.size())
                .put("workload", subject.workload())
                .put("time", subject.time().toString());
    }

    private static Json json(RuleTrace rule) {
        return new Json()
                .put("rule", rule.rule())
                .put("effect", Policies.word(rule.effect()))
                .put("where", rule.where())
                .put(
                        "conditions",
                        rule.checks().stream()
                                .map(check -> new Json()
                                        .put("condition", check.condition())
                                        .put("expected", check.expected())
                                        .put("found", check.found())
                                        .put("holds", check.holds()))
                                .toList());
    }
}
