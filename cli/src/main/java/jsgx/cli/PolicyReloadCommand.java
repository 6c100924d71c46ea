package jsgx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.PolicyInstaller;
import jsgx.launch.json.Json;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.yaml.YamlError;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx policy reload}. */
@Command(
        name = "reload",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx policy reload [FILE] [--accept-rollback] [OPTION...]",
        description = {
            "Put a policy in force, on the daemon's host, or in all processes of the state folder where there is no daemon. It is checked",
            "first: one that is not valid, not signed as the pinned key demands, or earlier than one that was in force changes nothing."
        },
        footerHeading = "%nExit status 1 where it is refused.%n%nExample:%n",
        footer = "  jsgx policy reload policy.yaml")
final class PolicyReloadCommand extends Subcommand {

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description =
                    "The policy, copied into the state folder with the files it includes; without it, the one there.")
    private @Nullable String file;

    @Option(
            names = "--accept-rollback",
            description = "Take a policy with a lower sequence number than one that was in force. This is audited.")
    private boolean acceptRollback;

    PolicyReloadCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Optional<Remote> daemon = Remote.find(surroundings);
        return daemon.isPresent() ? remotely(daemon.get()) : here();
    }

    private int remotely(Remote daemon) throws BadInput, IOException {
        Map<String, ?> change;
        String name = file == null ? "that of the daemon's state folder" : file;
        try {
            if (file == null) {
                change = daemon.send("POST", "/v1/policy/reload", new Json().put("acceptRollback", acceptRollback));
            } else {
                Path candidate = EnclaveOptions.existing(file, surroundings);
                Json includes = new Json();
                PolicyFile.included(candidate)
                        .forEach((each, bytes) ->
                                includes.put(each, Base64.getEncoder().encodeToString(bytes)));
                change = daemon.send(
                        "PUT",
                        "/v1/policy",
                        new Json()
                                .put("text", Files.readString(candidate))
                                .put("includes", includes)
                                .put("acceptRollback", acceptRollback));
            }
        } catch (Remote.Problem e) {
            if (e.status() != 422) {
                throw e;
            }
            return refused(name, Policies.errors(e.document()));
        } catch (PolicyException e) {
            return refused(name, e.errors());
        }
        Map<?, ?> counts = Documents.object(change, "counts");
        if (json()) {
            Map<String, ?> policy = daemon.get("/v1/policy");
            Json json = new Json()
                    .put("file", name)
                    .put("inForce", true)
                    .put("revision", change.get("revision"))
                    .put("rolledBackFrom", change.get("rolledBackFrom"))
                    .put("mode", change.get("mode"))
                    .put("default", change.get("default"))
                    .put("sequence", change.get("sequence"))
                    .put("signed", change.get("signed"));
            counts.forEach((count, value) -> json.put(String.valueOf(count), value));
            print(json.put(
                    "quotas",
                    Documents.objects(policy, "quotas").stream()
                            .map(quota -> Documents.string(quota, "workload"))
                            .filter(workload -> !workload.isEmpty())
                            .toList()));
            return ExitStatus.DONE;
        }
        String summary = "%s (%d allow, %d warn, %d deny), default %s, mode %s"
                .formatted(
                        Text.count(Documents.number(counts, "rules"), "rule"),
                        Documents.number(counts, "allow"),
                        Documents.number(counts, "warn"),
                        Documents.number(counts, "deny"),
                        Documents.string(change, "default"),
                        Documents.string(change, "mode"));
        show(name, summary, Documents.number(change, "revision"));
        rolledBack(Documents.number(change, "rolledBackFrom"), Documents.number(change, "sequence"));
        return ExitStatus.DONE;
    }

    private int refused(String name, List<YamlError> errors) {
        if (json()) {
            print(new Json().put("file", name).put("inForce", false).put("errors", Policies.json(errors)));
            return ExitStatus.REFUSED;
        }
        return Policies.refused(screen(), errors);
    }

    private void show(String name, String summary, long revision) {
        Screen screen = screen();
        screen.line(screen.good("in force") + "  " + Text.printable(name) + "  " + summary + ", revision " + revision);
    }

    private void rolledBack(long from, long to) {
        if (from != 0) {
            screen().line("rolled back  from sequence " + from + " to " + to);
        }
    }

    private int here() throws BadInput, LaunchException, IOException {
        Path candidate = EnclaveOptions.existing(
                file == null ? Policies.inForce(surroundings).file().toString() : file, surroundings);
        PolicyInstaller.Change change;
        try (Governance governance =
                Governance.in(Platforms.folder(surroundings), surroundings.clock(), Durability.GROUP)) {
            change = governance.installer().install(candidate, acceptRollback);
        } catch (PolicyException e) {
            return refused(candidate.toString(), e.errors());
        }
        if (json()) {
            print(new Json()
                    .put("file", candidate.toString())
                    .put("inForce", true)
                    .put("revision", change.revision())
                    .put("rolledBackFrom", change.rolledBackFrom())
                    .putAll(Policies.json(change.policy())));
        } else {
            show(candidate.toString(), Policies.summary(change.policy()), change.revision());
            rolledBack(change.rolledBackFrom(), change.policy().sequence());
        }
        return ExitStatus.DONE;
    }
}
