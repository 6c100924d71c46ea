package jsgx.launch.policy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import jsgx.arch.struct.Attributes;

/** Policies and launches that tests judge. */
final class TestPolicies {

    /** A Thursday. */
    static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private TestPolicies() {}

    static Policy policy(String text) throws PolicyException {
        return policy(text, Map.of());
    }

    /** A policy with the files that it includes. */
    static Policy policy(String text, Map<String, byte[]> files) throws PolicyException {
        return PolicyFile.parse("policy.yaml", text.getBytes(StandardCharsets.UTF_8), included(files), false);
    }

    static Includes included(Map<String, byte[]> files) {
        return name -> {
            byte[] content = files.get(name);
            if (content == null) {
                throw new IOException("no such file");
            }
            return content;
        };
    }

    /** A policy whose default is to deny, with these rules. */
    static Policy rules(String rules) throws PolicyException {
        return policy("version: 1\ndefault: deny\nrules:\n" + rules.indent(2));
    }

    /** 32 bytes that are all this one. */
    static byte[] hash(int value) {
        byte[] hash = new byte[32];
        Arrays.fill(hash, (byte) value);
        return hash;
    }

    static String hex(int value) {
        return "%02x".formatted(value).repeat(32);
    }

    /** A launch of no particular kind. */
    static PolicySubject subject() {
        return new PolicySubject(
                hash(1), hash(2), 7, 3, new Attributes(Attributes.MODE64BIT, 3), 0, 2 << 20, "prod/web", NOON);
    }

    static PolicySubject withFlags(long flags) {
        PolicySubject s = subject();
        return new PolicySubject(
                s.mrEnclave(),
                s.mrSigner(),
                s.isvProdId(),
                s.isvSvn(),
                new Attributes(flags, 3),
                0,
                s.size(),
                s.workload(),
                NOON);
    }

    static PolicySubject at(Instant time) {
        PolicySubject s = subject();
        return new PolicySubject(
                s.mrEnclave(),
                s.mrSigner(),
                s.isvProdId(),
                s.isvSvn(),
                s.attributes(),
                0,
                s.size(),
                s.workload(),
                time);
    }

    static PolicySubject of(String workload) {
        PolicySubject s = subject();
        return new PolicySubject(
                s.mrEnclave(), s.mrSigner(), s.isvProdId(), s.isvSvn(), s.attributes(), 0, s.size(), workload, NOON);
    }
}
