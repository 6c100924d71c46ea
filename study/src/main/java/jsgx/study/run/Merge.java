package jsgx.study.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Shards of one study put together: the same file, to the byte, as a run of all of it in one place writes. */
public final class Merge {

    private static final int NAMED = 5;

    private Merge() {}

    /**
     * Puts them together in a new folder.
     *
     * @param shards folders or files of cells
     * @throws StudyException where they are of different studies, have a cell twice, or lack one; then nothing is written
     */
    public static Cells merge(List<Path> shards, Path out) throws StudyException, IOException {
        Path first = shards.getFirst();
        Cells firstCells = Cells.read(first);
        Plan plan = firstCells.plan();
        Cells all = Cells.inMemory(plan);
        Map<Integer, Path> origins = new HashMap<>();
        for (Path shard : shards) {
            Cells cells = shard.equals(first) ? firstCells : Cells.read(shard);
            if (!cells.plan().line().equals(plan.line())) {
                throw new StudyException("%s and %s are of different studies: %s"
                        .formatted(first, shard, plan.difference(cells.plan())));
            }
            all.join(cells, shard, origins);
        }
        if (!all.complete()) {
            int missing = plan.size() - all.results().size();
            throw new StudyException(
                    "%s of %s cells are missing: %s%s; run the shards that have them, or finish those that were interrupted"
                            .formatted(
                                    missing,
                                    plan.size(),
                                    String.join(", ", all.missing(NAMED)),
                                    missing > NAMED ? ", …" : ""));
        }
        all.writeInto(out);
        return all;
    }
}
