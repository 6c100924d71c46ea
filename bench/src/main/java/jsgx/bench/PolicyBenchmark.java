package jsgx.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import jsgx.arch.struct.Attributes;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A verdict of a policy of 99,000 enclaves by hash, 900 signers with ranges of SVNs, and 100 rules over attributes, time and workload, none of which
 * decides before the last; and the limit: one look into a HashMap of as many hashes. Each call is timed, so that its percentiles and its worst
 * case are told.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PolicyBenchmark {

    private static final int ENCLAVES = 99_000;
    private static final int SIGNERS = 900;
    private static final int SUBJECTS = 1 << 12;
    private static final int HASH = 32;
    private static final long SEED = 20171219;
    private static final Instant MONDAY = Instant.parse("2026-06-01T00:00:00Z");
    private static final int WORKING_DAYS = 4 * 86_400;

    /**
     * Which launches are judged: one of an enclave that is named; of a signer that is; of neither, whom each rule is asked about; and such a
     * one where the expression has to be evaluated too.
     */
    @Param({"enclave", "signer", "unknown", "expression"})
    private String launch = "";

    private final Random random = new Random(SEED);
    private final byte[][] enclaves = hashes(ENCLAVES);
    private final byte[][] signers = hashes(SIGNERS);
    private final PolicySubject[] subjects = new PolicySubject[SUBJECTS];
    private final Map<Key, Integer> limit = new HashMap<>();
    private final Policy policy = policy();
    private int next;

    /** A hash as a key that is made once. */
    private static final class Key {
        private final byte[] hash;

        Key(byte[] hash) {
            this.hash = hash;
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(hash);
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Key other && Arrays.equals(hash, other.hash);
        }
    }

    @Setup(Level.Trial)
    public void choose() {
        for (int i = 0; i < enclaves.length; i++) {
            limit.put(new Key(enclaves[i]), i);
        }
        for (int i = 0; i < SUBJECTS; i++) {
            subjects[i] = new PolicySubject(
                    launch.equals("enclave") ? enclaves[random.nextInt(ENCLAVES)].clone() : hashes(1)[0],
                    launch.equals("signer") ? signers[random.nextInt(SIGNERS)].clone() : hashes(1)[0],
                    random.nextInt(10),
                    launch.equals("expression") ? 9 : random.nextInt(8),
                    new Attributes(Attributes.MODE64BIT, 3),
                    0,
                    1L << 21,
                    "group-%d/service-%d".formatted(random.nextInt(40), random.nextInt(20)),
                    MONDAY.plusSeconds(random.nextInt(WORKING_DAYS)));
        }
    }

    @Benchmark
    public PolicyVerdict judge() {
        return policy.judge(subjects[next++ & (SUBJECTS - 1)]);
    }

    /** What a HashMap of the 99,000 takes, the key's hash among it. */
    @Benchmark
    public int limit() {
        return limit.getOrDefault(new Key(subjects[next++ & (SUBJECTS - 1)].mrEnclave()), -1);
    }

    private byte[][] hashes(int count) {
        byte[][] all = new byte[count][HASH];
        for (byte[] hash : all) {
            random.nextBytes(hash);
        }
        return all;
    }

    private Policy policy() {
        StringBuilder text = new StringBuilder("version: 1\ndefault: deny\nrules:\n");
        text.append("  - {name: enclaves, effect: allow, mrenclave: {file: enclaves.txt}}\n");
        for (int i = 0; i < SIGNERS; i++) {
            text.append("  - {name: signer %d, effect: allow, mrsigner: %s, isvSvn: %d..}\n"
                    .formatted(i, HexFormat.of().formatHex(signers[i]), i % 8));
        }
        for (int i = 0; i < 99; i++) {
            String condition = switch (i % 3) {
                case 0 -> "attributes: {required: [DEBUG], forbidden: [KSS]}, size: ..%dMiB".formatted(i + 1);
                case 1 -> "workload: ['*-%d/secret-*', team-%d], xfrm: 0x3".formatted(i, i);
                default ->
                    "time: {daily: '%02d:00-%02d:30', days: sat-sun, zone: Europe/Berlin}".formatted(i % 24, i % 24);
            };
            String effect = i % 2 == 0 ? "deny" : i % 5 == 0 ? "warn" : "allow";
            text.append("  - {name: rule %d, effect: %s, %s}\n".formatted(i, effect, condition));
        }
        text.append(
                "  - name: expression\n    effect: deny\n    isvSvn: 9..\n    when: size > 10000000 || workload == 'none'\n");
        try {
            Path folder = Files.createTempDirectory("policy");
            try {
                Files.write(
                        folder.resolve("enclaves.txt"),
                        Arrays.stream(enclaves).map(HexFormat.of()::formatHex).toList());
                return PolicyFile.load(Files.writeString(folder.resolve("policy.yaml"), text));
            } finally {
                try (Stream<Path> files = Files.walk(folder)) {
                    files.sorted(Comparator.reverseOrder())
                            .forEach(file -> file.toFile().delete());
                }
            }
        } catch (IOException | PolicyException e) {
            throw new IllegalStateException(e);
        }
    }
}
