package jsgx.study.report;

import java.util.List;

/**
 * What a study says to a question of the thread.
 *
 * @param id its name in documents
 * @param claims what was said, by whom
 * @param conclusions the one about all workloads first, then one for each that can tell
 */
public record Answer(
        String id,
        String question,
        List<String> claims,
        List<Conclusion> conclusions,
        List<Table> tables,
        List<Plot> plots) {}
