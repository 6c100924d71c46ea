package jsgx.host.peer;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The administrator's prefixes of cgroups, each of which is a workload. A process is charged to the longest that its cgroup begins with, whole
 * components of the path at a time, and never to the cgroup itself: whoever may make cgroups below a delegated one would make quotas with them.
 */
final class Cgroups {

    /** The longest first, each without a slash at its end. */
    private final List<String> prefixes;

    /** @throws IllegalArgumentException where one is no path from the root of the hierarchy */
    Cgroups(List<String> prefixes) {
        this.prefixes = prefixes.stream()
                .map(Cgroups::canonical)
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    private static String canonical(String prefix) {
        if (!prefix.startsWith("/") || List.of(prefix.split("/", -1)).contains("..")) {
            throw new IllegalArgumentException(
                    "the prefix of cgroups '%s': expected a path from the hierarchy's root, such as /kubepods.slice"
                            .formatted(prefix));
        }
        return prefix.replaceAll("/+", "/").replaceAll("/$", "");
    }

    boolean isEmpty() {
        return prefixes.isEmpty();
    }

    /**
     * The longest prefix that fits what a file /proc/PID/cgroup says; empty where none does. Version 2 has one hierarchy, version 1 several, and
     * systems that have both may use either: a process is where the administrator put it in any of them.
     */
    Optional<String> longest(List<String> lines) {
        return prefixes.stream()
                .filter(prefix -> lines.stream().anyMatch(line -> fits(prefix, line)))
                .map(prefix -> prefix.isEmpty() ? "/" : prefix)
                .findFirst();
    }

    private static boolean fits(String prefix, String line) {
        String[] fields = line.split(":", 3);
        if (fields.length < 3) {
            return false;
        }
        String cgroup = fields[2];
        // What lies outside of this process's view of the hierarchy begins with /.. and is below no prefix.
        return cgroup.startsWith("/")
                && !List.of(cgroup.split("/", -1)).contains("..")
                && (cgroup.equals(prefix) || cgroup.startsWith(prefix + "/"));
    }
}
