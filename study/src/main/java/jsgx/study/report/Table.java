package jsgx.study.report;

import java.util.List;

/**
 * Figures in rows and columns; the first column names the row.
 *
 * @param caption what they are
 */
public record Table(String caption, List<String> columns, List<List<String>> rows) {}
