package jsgx.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import jsgx.cli.Screen.Fact;
import jsgx.host.client.HostFolder;
import jsgx.host.client.TokenAnswer;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageException;
import jsgx.image.SigstructCheck;
import jsgx.launch.LaunchException;
import jsgx.launch.LeAuthority;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.json.Json;
import jsgx.launch.le.LeRequest;
import jsgx.launch.store.Terms;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.UserToken;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx token get}. */
@Command(
        name = "get",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token get LABEL FILE [--sigstruct S] [--life LIFE] [-o T] [OPTION...]",
        description =
                "Get a token for an enclave: the one that is kept under this label, else a new one of the launch enclave,"
                        + " which is kept in your own store. Under a daemon the launch enclave, and the word, is the daemon's.",
        footerHeading =
                "%nExit status 1 where the launch enclave refuses, or the daemon whose launch enclave it is.%n%nExample:%n",
        footer = "  jsgx token get loader enclave.sgxs --sigstruct enclave.sigstruct --life 30d")
final class TokenGetCommand extends Subcommand {

    @Parameters(index = "0", paramLabel = "LABEL", description = "The application's name for it.")
    private String label = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "The enclave.")
    private String file = "";

    @Option(names = "--sigstruct", paramLabel = "S", description = "The SIGSTRUCT of a file that carries none.")
    private @Nullable String sigstructFile;

    @Option(
            names = "--life",
            paramLabel = "LIFE",
            converter = Lives.class,
            description =
                    "How long a new token is to serve, for example 30d, 12h or never, the default: then it is issued anew.")
    private Duration life = Terms.DEFAULT.life();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "T",
            description = "Write the token into this file, 304 bytes.")
    private @Nullable String out;

    @Option(
            names = "--trust-store",
            description = "Give the token that is kept even if it was issued for another enclave: EINIT will say so.")
    private boolean trustStore;

    @Mixin
    private EnclaveOptions enclaves = new EnclaveOptions();

    TokenGetCommand(Run run) {
        super(run);
    }

    /** There is no token: the launch enclave gives none, or a daemon refuses. */
    private static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        EnclaveImage image = enclaves.image(file, surroundings);
        Sigstruct sigstruct = enclaves.sigstruct(file, image, sigstructFile, surroundings);
        @Nullable OutputFile output = out == null ? null : new OutputFile(out, surroundings, surroundings.file(file));
        TokenIdentity identity = TokenIdentity.of(
                sigstruct.enclaveHash().toArray(Layouts.U8),
                HexFormat.of().parseHex(SigstructCheck.mrSigner(sigstruct)),
                sigstruct.attributes());
        Terms terms = Terms.DEFAULT.withLife(life).withTrustStore(trustStore);
        Optional<HostFolder> daemon = HostFolder.find(surroundings.environment());
        try {
            return daemon.isPresent()
                    ? get(daemon.get(), identity, terms, output)
                    : get(Platforms.own(surroundings), identity, terms, output);
        } catch (Refused e) {
            return refused(String.valueOf(e.getMessage()));
        }
    }

    private int get(Platform platform, TokenIdentity identity, Terms terms, @Nullable OutputFile output)
            throws BadInput, LaunchException, IOException {
        try (UserTokens tokens = UserTokens.on(platform, surroundings)) {
            return give(tokens, tokens.cache().get(label, identity, terms, asked -> ask(platform, asked)), output);
        }
    }

    /** From a daemon, which judges, counts and records; it is kept in the user's own store all the same. */
    private int get(HostFolder daemon, TokenIdentity identity, Terms terms, @Nullable OutputFile output)
            throws BadInput, LaunchException, IOException {
        AtomicReference<TokenOrigin> origin = new AtomicReference<>(TokenOrigin.UNKNOWN);
        try (UserTokens tokens = UserTokens.of(origin::get, surroundings)) {
            UserToken token = tokens.cache().get(label, identity, terms, asked -> {
                TokenAnswer answer = new DaemonLaunches(daemon).token(asked);
                if (!answer.refusal().isEmpty()) {
                    throw new Refused(answer.refusal());
                }
                origin.set(answer.origin());
                return answer.token();
            });
            return give(tokens, token, output);
        }
    }

    private int give(UserTokens tokens, UserToken token, @Nullable OutputFile output)
            throws BadInput, LaunchException, IOException {
        if (output != null && token.token().length != 0) {
            output.write(token.token());
        }
        show(tokens, token);
        return ExitStatus.DONE;
    }

    private static byte[] ask(Platform platform, TokenIdentity identity) throws Refused {
        LeRequest request = new LeRequest(identity.mrEnclave(), identity.mrSigner(), identity.attributes());
        try (RunningPlatform running = RunningPlatform.of(platform)) {
            return switch (running.authority().ask(request)) {
                case LeAuthority.Answer.Granted(byte[] token) -> token;
                case LeAuthority.Answer.NotNeeded() -> new byte[0];
                case LeAuthority.Answer.Refused(int result) ->
                    throw new Refused(
                            "the launch enclave (profile %s) refuses ATTRIBUTES 0x%x of signer %s with result %d"
                                    .formatted(
                                            platform.leProfile().id(),
                                            identity.attributes().flags(),
                                            HexFormat.of().formatHex(identity.mrSigner()),
                                            result));
                case LeAuthority.Answer.Unavailable(String reason) -> throw new Refused(reason);
            };
        }
    }

    private int refused(String reason) {
        if (json()) {
            print(new Json()
                    .put("label", label)
                    .put("file", file)
                    .put("source", "none")
                    .put("explain", reason));
        } else {
            Screen screen = screen();
            screen.line(screen.bad("refused") + "  " + Text.printable(reason));
        }
        return ExitStatus.REFUSED;
    }

    private void show(UserTokens tokens, UserToken token) throws BadInput, LaunchException {
        boolean kept = token.notKept().isEmpty();
        if (json()) {
            Json document = new Json()
                    .put("file", file)
                    .put("source", source(token))
                    .put("reissueReason", token.reissueReason())
                    .put("kept", kept)
                    .put("notKept", token.notKept())
                    .put("token", HexFormat.of().formatHex(token.token()))
                    .put("out", out);
            print(
                    kept
                            ? UserTokens.json(tokens.existing(label), surroundings.clock())
                                    .putAll(document)
                            : new Json().put("label", label).putAll(document));
            return;
        }
        Screen screen = screen();
        screen.line(Text.printable(label) + "  " + screen.good("token") + " from "
                + (source(token).equals("store") ? "the store" : "the launch enclave"));
        screen.blank();
        List<Fact> facts = new ArrayList<>();
        if (!token.reissueReason().isEmpty()) {
            facts.add(new Fact("why", screen.hashes(Text.printable(token.reissueReason()))));
        }
        if (kept) {
            facts.addAll(UserTokens.facts(screen, tokens.existing(label), surroundings.clock()));
        } else {
            facts.add(new Fact("not kept", Text.printable(token.notKept())));
        }
        screen.facts(facts);
    }

    /** As in the JSON of a launch. */
    private static String source(UserToken token) {
        if (token.token().length == 0) {
            return "none";
        }
        return token.source() == UserToken.Source.ISSUED
                ? "launch-enclave"
                : token.source().id();
    }
}
