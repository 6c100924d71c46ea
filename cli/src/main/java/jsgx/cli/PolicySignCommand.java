package jsgx.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicySignature;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx policy sign}. */
@Command(
        name = "sign",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx policy sign FILE --key PEM [-o OUT] [OPTION...]",
        description = {
            "Sign a policy: its signature becomes the last line. It must be valid and have a sequence number.",
            "Where policy.pub lies in the state folder, only policies signed with its key come into force."
        },
        footerHeading = "%nA key is made with  openssl genpkey -algorithm ed25519 -out policy.key%n"
                + "and pinned with  openssl pkey -in policy.key -pubout -out policy.pub%n%nExample:%n",
        footer = "  jsgx policy sign policy.yaml --key policy.key")
final class PolicySignCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "The policy.")
    private String file = "";

    @Option(
            names = "--key",
            paramLabel = "PEM",
            required = true,
            description = "An Ed25519 key, PKCS #8, not encrypted.")
    private String key = "";

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT",
            description = "Where the signed policy goes; without it, FILE is replaced.")
    private @Nullable String out;

    PolicySignCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Path keyFile = EnclaveOptions.existing(key, surroundings);
        Path policyFile = EnclaveOptions.existing(file, surroundings);
        OutputFile output = new OutputFile(out == null ? file : out, surroundings, keyFile);
        Policy policy;
        byte[] signed;
        try {
            policy = PolicyFile.loadForSigning(policyFile);
            signed = PolicySignature.sign(
                    Files.readAllBytes(policyFile),
                    PolicySignature.privateKey(key, Files.readString(keyFile, StandardCharsets.ISO_8859_1)));
        } catch (PolicyException e) {
            if (json()) {
                print(new Json().put("file", file).put("valid", false).put("errors", Policies.json(e.errors())));
                return ExitStatus.REFUSED;
            }
            return Policies.refused(screen(), e.errors());
        }
        output.write(signed);
        String written = out == null ? file : out;
        if (json()) {
            print(new Json()
                    .put("file", file)
                    .put("out", written)
                    .put("valid", true)
                    .putAll(Policies.json(policy)));
        } else {
            Screen screen = screen();
            screen.line(screen.good("signed") + "  " + Text.printable(written) + "  sequence " + policy.sequence()
                    + ", " + Policies.summary(policy));
        }
        return ExitStatus.DONE;
    }
}
