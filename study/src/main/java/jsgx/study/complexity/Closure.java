package jsgx.study.complexity;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What names what, a node a source file. */
final class Closure {

    private final Map<String, Set<String>> names;

    /**
     * @param names for each file those that it names; others are no nodes
     */
    Closure(Map<String, Set<String>> names) {
        this.names = Map.copyOf(names);
    }

    /** All that some files reach, themselves too. */
    Set<String> uses(Collection<String> roots) {
        return reach(roots, Set.of());
    }

    /** What some files reach and the entries do not reach when the former are gone. */
    Set<String> alone(Collection<String> roots, Collection<String> entries) {
        Set<String> alone = new TreeSet<>(uses(roots));
        alone.removeAll(reach(entries, Set.copyOf(roots)));
        return alone;
    }

    /** Which files outside some name a file. */
    Set<String> namedBy(String file, Set<String> outside) {
        Set<String> naming = new TreeSet<>();
        names.forEach((each, named) -> {
            if (named.contains(file) && !outside.contains(each)) {
                naming.add(each);
            }
        });
        return naming;
    }

    /** What some files reach when others are gone. */
    Set<String> reach(Collection<String> from, Set<String> gone) {
        Set<String> reached = new TreeSet<>();
        Deque<String> open = new ArrayDeque<>(from);
        while (!open.isEmpty()) {
            String next = open.pop();
            if (names.containsKey(next) && !gone.contains(next) && reached.add(next)) {
                open.addAll(names.getOrDefault(next, Set.of()));
            }
        }
        return reached;
    }
}
