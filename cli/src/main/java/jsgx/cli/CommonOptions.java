package jsgx.cli;

import java.io.PrintStream;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command has: before or after its name, and last in its help. */
final class CommonOptions {

    /** When output is coloured. */
    enum Colour {
        AUTO,
        ALWAYS,
        NEVER
    }

    @Option(
            order = 100,
            scope = ScopeType.INHERIT,
            names = "--json",
            description = "Print one JSON document, with whole hashes.")
    boolean json;

    @Option(order = 101, scope = ScopeType.INHERIT, names = "--whole-hashes", description = "Do not shorten hashes.")
    boolean wholeHashes;

    @Option(
            order = 102,
            scope = ScopeType.INHERIT,
            names = "--color",
            paramLabel = "WHEN",
            defaultValue = "auto",
            description = "auto (on a terminal), always or never.")
    Colour colour = Colour.AUTO;

    @Option(
            order = 103,
            scope = ScopeType.INHERIT,
            names = "--stacktrace",
            description = "Show where in jsgx a failure came from, as does JSGX_STACKTRACE=1 in the environment.")
    boolean stacktrace;

    @Option(
            order = 104,
            scope = ScopeType.INHERIT,
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    Screen screen(Surroundings surroundings) {
        boolean coloured = switch (colour) {
            case ALWAYS -> true;
            case NEVER -> false;
            case AUTO -> surroundings.likesColour();
        };
        return new Screen(surroundings.out(), coloured, wholeHashes);
    }

    /** A screen over a stream that nobody knows to be a terminal. */
    Screen screen(PrintStream stream) {
        return new Screen(stream, colour == Colour.ALWAYS, wholeHashes);
    }
}
