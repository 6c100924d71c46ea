package jsgx.launch.file;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import jsgx.launch.file.CrashFiles.Node;
import jsgx.launch.file.CrashFiles.Operation;

/**
 * What a crash could leave of what was done to some {@link CrashFiles}: after each operation, whatever was synced, and of the rest any
 * part in any order: a write wholly, up to a byte, by sectors, its size without its data or its data as far as the size went before;
 * a new size, a name, a removal, or not.
 */
public final class CrashStates {

    private static final int SECTOR = 512;

    private final CrashFiles files;
    private final Random random;
    private final int statesPerPoint;

    private CrashStates(CrashFiles files, long seed, int statesPerPoint) {
        this.files = files;
        this.random = new Random(seed);
        this.statesPerPoint = statesPerPoint;
    }

    /** Looks at what a crash left. */
    public interface Check {

        /**
         * Looks at one state.
         *
         * @param after the files as the crash left them
         * @param marks what was noted before the crash
         */
        void check(CrashFiles after, List<Object> marks) throws Exception;
    }

    /**
     * How much was looked at.
     *
     * @param points after how many operations there was a crash
     * @param states how many states it left, all together
     */
    public record Count(int points, int states) {}

    /**
     * Shows states after a crash at each operation: all where they are few, else as many as said, by a seed.
     *
     * @throws AssertionError where a check fails; it tells the operation and the seed
     */
    public static Count check(CrashFiles files, long seed, int statesPerPoint, Check check) {
        return new CrashStates(files, seed, statesPerPoint).run(check);
    }

    /** What becomes of an operation that was not synced. */
    private enum Fate {
        LOST,
        DONE,
        TORN
    }

    private Count run(Check check) {
        List<Operation> all = files.operations();
        int states = 0;
        List<Object> marks = new ArrayList<>();
        for (int point = 0; point <= all.size(); point++) {
            if (point > 0 && all.get(point - 1) instanceof Operation.Mark mark) {
                marks.add(mark.note());
            }
            List<Operation> before = all.subList(0, point);
            boolean[] settled = settled(before);
            for (Fate[] fates : fates(before, settled)) {
                CrashFiles after = after(before, fates);
                states++;
                try {
                    check.check(after, List.copyOf(marks));
                } catch (Exception | AssertionError e) {
                    throw new AssertionError(
                            "after a crash at operation %d of %d, %s"
                                    .formatted(point, all.size(), Arrays.toString(fates)),
                            e);
                }
            }
        }
        return new Count(all.size() + 1, states);
    }

    /** Which operations were synced. */
    private static boolean[] settled(List<Operation> operations) {
        boolean[] settled = new boolean[operations.size()];
        Map<Node, Integer> forced = new HashMap<>();
        int named = 0;
        for (int i = operations.size() - 1; i >= 0; i--) {
            settled[i] = switch (operations.get(i)) {
                case Operation.Force force -> {
                    forced.merge(force.node(), force.began(), Math::max);
                    yield true;
                }
                case Operation.SyncFolder sync -> {
                    named = Math.max(named, sync.began());
                    yield true;
                }
                case Operation.Mark mark -> true;
                case Operation.Content content -> i < forced.getOrDefault(content.node(), 0);
                case Operation.Names names -> i < named;
            };
        }
        return settled;
    }

    private List<Fate[]> fates(List<Operation> operations, boolean[] settled) {
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < settled.length; i++) {
            if (!settled[i]) {
                open.add(i);
            }
        }
        Fate[] done = new Fate[operations.size()];
        Arrays.fill(done, Fate.DONE);
        List<Fate[]> fates = new ArrayList<>();
        if (open.size() < 30 && 1 << open.size() <= statesPerPoint) {
            for (int bits = 0; bits < 1 << open.size(); bits++) {
                Fate[] some = done.clone();
                for (int i = 0; i < open.size(); i++) {
                    some[open.get(i)] = (bits >> i & 1) == 0 ? Fate.LOST : Fate.DONE;
                }
                fates.add(some);
            }
        } else {
            fates.add(done);
            Fate[] lost = done.clone();
            open.forEach(i -> lost[i] = Fate.LOST);
            fates.add(lost);
        }
        while (!open.isEmpty() && fates.size() < statesPerPoint) {
            Fate[] some = done.clone();
            open.forEach(i -> some[i] = Fate.values()[random.nextInt(Fate.values().length)]);
            fates.add(some);
        }
        return fates;
    }

    private CrashFiles after(List<Operation> operations, Fate[] fates) {
        Map<Node, Node> nodes = new HashMap<>();
        Map<Path, Node> names = new HashMap<>();
        files.first().forEach((path, node) -> names.put(path, nodes.computeIfAbsent(node, Node::atFirst)));
        for (int i = 0; i < fates.length; i++) {
            if (fates[i] == Fate.LOST) {
                continue;
            }
            boolean torn = fates[i] == Fate.TORN;
            switch (operations.get(i)) {
                case Operation.Write write -> {
                    Node node = nodes.computeIfAbsent(write.node(), Node::atFirst);
                    if (torn) {
                        tear(node, write);
                    } else {
                        node.write(write.at(), write.bytes());
                    }
                }
                case Operation.Truncate truncate ->
                    nodes.computeIfAbsent(truncate.node(), Node::atFirst).resize(truncate.size());
                case Operation.Create create ->
                    names.put(create.path(), nodes.computeIfAbsent(create.node(), Node::atFirst));
                case Operation.Rename rename -> {
                    names.remove(rename.from());
                    names.put(rename.to(), nodes.computeIfAbsent(rename.node(), Node::atFirst));
                }
                case Operation.Remove remove -> names.remove(remove.path());
                case Operation.Force force -> {}
                case Operation.SyncFolder sync -> {}
                case Operation.Mark mark -> {}
            }
        }
        Map<Path, byte[]> content = new HashMap<>();
        names.forEach((path, node) -> content.put(path, node.bytes()));
        return new CrashFiles(content);
    }

    private void tear(Node node, Operation.Write write) {
        byte[] bytes = write.bytes();
        int at = (int) write.at();
        int size = node.size();
        switch (random.nextInt(4)) {
            case 0 -> node.write(at, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
            case 1 -> {
                node.resize(Math.max(size, at + bytes.length));
                for (int from = at; from < at + bytes.length; ) {
                    int to = Math.min(at + bytes.length, from - from % SECTOR + SECTOR);
                    if (random.nextBoolean()) {
                        node.write(from, Arrays.copyOfRange(bytes, from - at, to - at));
                    }
                    from = to;
                }
            }
            case 2 -> node.resize(Math.max(size, at + bytes.length));
            default -> {
                if (at < size) {
                    node.write(at, Arrays.copyOf(bytes, Math.min(size - at, bytes.length)));
                }
            }
        }
    }
}
