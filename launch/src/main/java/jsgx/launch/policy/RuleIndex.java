package jsgx.launch.policy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The rules of a policy, strictest first, and by what they are found: MRENCLAVE where a rule names some, else MRSIGNER, else, for the residual
 * rules, the workload. A rule's number is its position; lists of numbers rise, so that the first match in a list is its strictest.
 */
final class RuleIndex {

    private static final int[] NONE = {};

    /** Workloads are few. Should they be many, the later ones are looked up each time. */
    private static final int MAX_WORKLOADS = 4096;

    private final List<Rule> rules;
    private final Rule[] byNumber;
    private final Map<Hash256, int[]> enclaves = new HashMap<>();
    private final Map<Hash256, int[]> signers = new HashMap<>();
    private final int[] residual;

    /** The residual rules whose condition on the workload holds for one. */
    private final ConcurrentHashMap<String, int[]> workloads = new ConcurrentHashMap<>();

    private RuleIndex(List<Rule> rules) {
        this.rules = rules;
        this.byNumber = rules.toArray(Rule[]::new);
        List<Integer> others = new ArrayList<>();
        for (int number = 0; number < byNumber.length; number++) {
            Rule rule = byNumber[number];
            if (rule.enclaves() != null) {
                add(enclaves, rule.enclaves().hashes(), number);
            } else if (rule.signers() != null) {
                add(signers, rule.signers().hashes(), number);
            } else {
                others.add(number);
            }
        }
        this.residual = others.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The index of rules in the order of their file. */
    static RuleIndex of(List<Rule> inFile) {
        return new RuleIndex(inFile.stream()
                .sorted(Comparator.comparing(Rule::effect, Comparator.reverseOrder()))
                .toList());
    }

    /** The rules, strictest first. */
    List<Rule> rules() {
        return rules;
    }

    /** How many MRENCLAVEs rules are found by. */
    int enclaves() {
        return enclaves.size();
    }

    /** How many MRSIGNERs rules are found by. */
    int signers() {
        return signers.size();
    }

    /** How many rules are found by neither. */
    int residual() {
        return residual.length;
    }

    /** The number of the rule that decides, or how many rules there are where none does. */
    int deciding(PolicySubject subject) {
        String workload = subject.workload();
        int first = byNumber.length;
        for (int number : enclaves.getOrDefault(Hash256.of(subject.mrEnclave()), NONE)) {
            Rule rule = byNumber[number];
            if (rule.workloadHolds(workload) && rule.signerHolds(subject) && rule.restHolds(subject)) {
                first = number;
                break;
            }
        }
        for (int number : signers.getOrDefault(Hash256.of(subject.mrSigner()), NONE)) {
            if (number >= first) {
                break;
            }
            Rule rule = byNumber[number];
            if (rule.workloadHolds(workload) && rule.restHolds(subject)) {
                first = number;
                break;
            }
        }
        for (int number : residual(workload)) {
            if (number >= first || byNumber[number].restHolds(subject)) {
                return Math.min(first, number);
            }
        }
        return first;
    }

    private int[] residual(String workload) {
        int[] known = workloads.get(workload);
        if (known != null) {
            return known;
        }
        int[] found = Arrays.stream(residual)
                .filter(number -> byNumber[number].workloadHolds(workload))
                .toArray();
        if (workloads.size() < MAX_WORKLOADS) {
            workloads.put(workload, found);
        }
        return found;
    }

    private static void add(Map<Hash256, int[]> index, Set<Hash256> hashes, int number) {
        int[] alone = {number};
        for (Hash256 hash : hashes) {
            index.merge(hash, alone, (earlier, later) -> {
                int[] both = Arrays.copyOf(earlier, earlier.length + 1);
                both[earlier.length] = number;
                return both;
            });
        }
    }
}
