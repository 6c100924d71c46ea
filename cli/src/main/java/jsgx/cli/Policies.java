package jsgx.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.yaml.YamlError;
import org.jspecify.annotations.Nullable;

/** What the commands on policies share: which one is meant, and how its errors and verdicts are shown. */
final class Policies {

    private Policies() {}

    /** The policy in force, to look at. */
    static PolicyFolder inForce(Surroundings surroundings) throws LaunchException {
        return PolicyFolder.look(Platforms.folder(surroundings), surroundings.clock());
    }

    /** The policy in a file, or that in force where none is named. */
    static Policy policy(@Nullable String name, Surroundings surroundings)
            throws BadInput, LaunchException, PolicyException, IOException {
        if (name != null) {
            return PolicyFile.load(EnclaveOptions.existing(name, surroundings));
        }
        PolicyFolder folder = inForce(surroundings);
        return folder.load()
                .orElseThrow(() -> new BadInput(
                        "there is no policy in force, so everything may launch: name a file, or put one in force with"
                                + "  jsgx policy reload FILE"));
    }

    /** Shows all errors of a file. */
    static int refused(Screen screen, List<YamlError> errors) {
        screen.line(screen.bad("not valid") + "  " + Text.count(errors.size(), "error"));
        for (YamlError error : errors) {
            screen.blank();
            screen.line(Text.printable(error.toString()));
            error.snippet().lines().forEach(line -> screen.line(screen.faint(Text.printable(line))));
        }
        return ExitStatus.REFUSED;
    }

    /** All errors of a file. */
    static List<Json> json(List<YamlError> errors) {
        return errors.stream()
                .map(error -> new Json()
                        .put("file", error.file())
                        .put("line", error.line())
                        .put("column", error.column())
                        .put("message", error.message()))
                .toList();
    }

    /** The errors of a policy that a daemon tells of. */
    static List<YamlError> errors(Map<String, ?> problem) {
        return Documents.objects(problem, "errors").stream()
                .map(error -> new YamlError(
                        Documents.string(error, "file"),
                        (int) Documents.number(error, "line"),
                        (int) Documents.number(error, "column"),
                        Documents.string(error, "message"),
                        Documents.string(error, "snippet")))
                .toList();
    }

    /** What a policy has. */
    static Json json(Policy policy) {
        Policy.Counts counts = policy.counts();
        return new Json()
                .put("mode", word(policy.mode()))
                .put("default", word(policy.defaultEffect()))
                .put("sequence", policy.sequence())
                .put("signed", policy.signed())
                .put("rules", counts.rules())
                .put("allow", counts.allow())
                .put("warn", counts.warn())
                .put("deny", counts.deny())
                .put("enclaves", counts.enclaves())
                .put("signers", counts.signers())
                .put("residual", counts.residual())
                .put("expressions", counts.expressions())
                .put("quotas", List.copyOf(policy.quotas().named().keySet()));
    }

    /** What a policy has, for people. */
    static String summary(Policy policy) {
        Policy.Counts counts = policy.counts();
        return "%s (%d allow, %d warn, %d deny), default %s, mode %s"
                .formatted(
                        Text.count(counts.rules(), "rule"),
                        counts.allow(),
                        counts.warn(),
                        counts.deny(),
                        word(policy.defaultEffect()),
                        word(policy.mode()));
    }

    /** A verdict. */
    static Json json(PolicyVerdict verdict) {
        return new Json()
                .put("verdict", word(verdict.effect()))
                .put("rule", verdict.rule())
                .put("where", verdict.where())
                .put("reason", verdict.reason())
                .put("code", verdict.effect().code());
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
