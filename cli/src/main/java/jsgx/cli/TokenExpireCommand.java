package jsgx.cli;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.store.StoredToken;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code jsgx token expire}. */
@Command(
        name = "expire",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token expire LABEL [--at TIME | --in LIFE] [OPTION...]",
        description = "Say when a token is to be issued anew: by default with the next launch, pinned or not.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token expire loader --in 12h")
final class TokenExpireCommand extends Subcommand {

    @Parameters(paramLabel = "LABEL", description = "The token's label.")
    private String label = "";

    @ArgGroup
    private When when = new When();

    private static final class When {

        @Option(
                names = "--at",
                paramLabel = "TIME",
                converter = Times.class,
                description = "At this time, for example 2027-01-31T12:00:00Z.")
        private @Nullable Instant at;

        @Option(
                names = "--in",
                paramLabel = "LIFE",
                converter = Lives.class,
                description = "After this span, for example 30d or 12h; never takes its end away.")
        private @Nullable Duration in;
    }

    /** A time as ISO 8601 writes it. */
    static final class Times implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            try {
                return Instant.parse(text);
            } catch (DateTimeParseException e) {
                throw new TypeConversionException(
                        "\"" + Text.printable(text) + "\" is no time: expected for example 2027-01-31T12:00:00Z");
            }
        }
    }

    TokenExpireCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            RemoteTokens tokens = new RemoteTokens(daemon.get());
            tokens.show(tokens.act(label, "expire", new Json().put("at", time().toString())), this);
            return ExitStatus.DONE;
        }
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            if (!tokens.cache().expire(label, time())) {
                throw tokens.unknown(label);
            }
            tokens.show(label, this);
        }
        return ExitStatus.DONE;
    }

    private Instant time() {
        Instant now = surroundings.clock().instant();
        Instant at = when.at;
        Duration in = when.in;
        return at != null ? at : in != null ? StoredToken.end(now, in) : now;
    }
}
