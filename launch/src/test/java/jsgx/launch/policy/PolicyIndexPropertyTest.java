package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import jsgx.arch.struct.Attributes;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The verdict by index is that of reading the rules from the top, whatever the rules and the launch. */
class PolicyIndexPropertyTest {

    private static final List<String> EFFECTS = List.of("deny", "warn", "allow");
    private static final List<String> WORKLOADS = List.of("a", "a/b", "a/c", "b", "b/c", "");
    private static final List<String> PATTERNS = List.of("a", "*", "a/*", "*/c", "b*", "*b*", "a*c");
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    /** A rule as it is written and as a reader understands it. */
    private record Written(String name, int effect, String conditions, Predicate<PolicySubject> matches) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void theIndexFindsWhatAReaderOfTheFileFinds(long seed) throws Exception {
        Random random = new Random(seed);
        int decided = 0;
        for (int round = 0; round < 60; round++) {
            List<Written> written = new ArrayList<>();
            StringBuilder text = new StringBuilder("version: 1\ndefault: deny\nrules:\n");
            for (int i = 0; i < 1 + random.nextInt(25); i++) {
                Written rule = rule(random, i);
                written.add(rule);
                text.append("  - {name: %s, effect: %s%s}\n"
                        .formatted(rule.name(), EFFECTS.get(rule.effect()), rule.conditions()));
            }
            Policy policy = TestPolicies.policy(text.toString());
            for (int launch = 0; launch < 40; launch++) {
                PolicySubject subject = subject(random);
                String expected = byReading(written, subject);

                assertThat(policy.judge(subject).rule())
                        .as("seed %d, round %d, %s%n%s", seed, round, subject, text)
                        .isEqualTo(expected);
                assertThat(policy.explain(subject).matching().stream()
                                .findFirst()
                                .map(PolicyExplanation.RuleTrace::rule)
                                .orElse("default"))
                        .isEqualTo(expected);
                decided += expected.equals("default") ? 0 : 1;
            }
        }
        assertThat(decided).as("rules decide often").isGreaterThan(500);
    }

    private static String byReading(List<Written> rules, PolicySubject subject) {
        for (int effect = 0; effect < EFFECTS.size(); effect++) {
            int strict = effect;
            Optional<Written> first = rules.stream()
                    .filter(rule -> rule.effect() == strict && rule.matches().test(subject))
                    .findFirst();
            if (first.isPresent()) {
                return first.get().name();
            }
        }
        return "default";
    }

    private static PolicySubject subject(Random random) {
        return new PolicySubject(
                TestPolicies.hash(random.nextInt(4)),
                TestPolicies.hash(random.nextInt(4)),
                random.nextInt(3),
                random.nextInt(5),
                new Attributes(random.nextInt(16) << 1 & 0x36, random.nextInt(4)),
                random.nextInt(3),
                random.nextInt(4) * 4096L,
                WORKLOADS.get(random.nextInt(WORKLOADS.size())),
                TestPolicies.NOON.plusSeconds(random.nextInt(2_000_000)));
    }

    private static Written rule(Random random, int number) {
        StringBuilder text = new StringBuilder();
        Predicate<PolicySubject> matches = s -> true;
        int conditions = 1 + random.nextInt(3);
        List<Integer> kinds = new ArrayList<>();
        while (kinds.size() < conditions) {
            int kind = random.nextInt(10);
            if (!kinds.contains(kind)) {
                kinds.add(kind);
                matches = matches.and(condition(random, kind, text));
            }
        }
        return new Written("r" + number, random.nextInt(EFFECTS.size()), text.toString(), matches);
    }

    private static Predicate<PolicySubject> condition(Random random, int kind, StringBuilder text) {
        int a = random.nextInt(4);
        int b = random.nextInt(4);
        return switch (kind) {
            case 0 -> {
                text.append(", mrenclave: [%s, %s]".formatted(TestPolicies.hex(a), TestPolicies.hex(b)));
                yield s -> s.mrEnclave()[0] == a || s.mrEnclave()[0] == b;
            }
            case 1 -> {
                text.append(", mrsigner: %s".formatted(TestPolicies.hex(a)));
                yield s -> s.mrSigner()[0] == a;
            }
            case 2 -> {
                text.append(", isvProdId: [%d]".formatted(a));
                yield s -> s.isvProdId() == a;
            }
            case 3 -> {
                text.append(", isvSvn: %d..%d".formatted(a, a + b));
                yield s -> s.isvSvn() >= a && s.isvSvn() <= a + b;
            }
            case 4 -> {
                text.append(", attributes: {required: DEBUG, forbidden: [EINITTOKENKEY]}");
                yield s ->
                        s.attributes().has(Attributes.DEBUG) && !s.attributes().has(Attributes.EINITTOKENKEY);
            }
            case 5 -> {
                text.append(", xfrm: {required: %d}".formatted(a == 0 ? 1 : a));
                long bits = a == 0 ? 1 : a;
                yield s -> (s.attributes().xfrm() & bits) == bits;
            }
            case 6 -> {
                text.append(", miscSelect: %d".formatted(a));
                yield s -> s.miscSelect() == a;
            }
            case 7 -> {
                text.append(", size: %dKiB..".formatted(4 * a));
                yield s -> s.size() >= 4096L * a;
            }
            case 8 -> {
                String pattern = PATTERNS.get(random.nextInt(PATTERNS.size()));
                text.append(", workload: '%s'".formatted(pattern));
                yield s -> s.workload().matches(pattern.replace("*", ".*"));
            }
            default -> {
                text.append(", time: {daily: '%02d:00-%02d:30', zone: Europe/Berlin}".formatted(6 * a, 5 * b));
                yield s -> inHours(s.time(), 6 * a * 60, 5 * b * 60 + 30);
            }
        };
    }

    private static boolean inHours(Instant time, int from, int until) {
        LocalDateTime local = LocalDateTime.ofInstant(time, BERLIN);
        int minute = local.getHour() * 60 + local.getMinute();
        return from < until ? minute >= from && minute < until : minute >= from || minute < until;
    }
}
