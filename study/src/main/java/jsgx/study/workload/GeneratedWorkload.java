package jsgx.study.workload;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import jsgx.study.trace.Trace;

/** A workload that is made from parameters. */
record GeneratedWorkload(Parameters parameters) implements Workload {

    @Override
    public String name() {
        return parameters.name();
    }

    @Override
    public String question() {
        return parameters.question();
    }

    @Override
    public String sha256() {
        MessageDigest sha256 = Sha256.digest();
        // A record's text is its components with their names.
        sha256.update((Generator.REVISION + " " + parameters).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(sha256.digest());
    }

    @Override
    public Trace trace(long seed, double scale) {
        return new Generator(parameters, seed, scale).trace();
    }
}
