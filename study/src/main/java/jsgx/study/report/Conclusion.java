package jsgx.study.report;

/**
 * A sentence drawn from the figures.
 *
 * @param workload the workload's that it is about; empty where it is about all
 * @param verdict what it comes to in a word or few: what a test of drift compares
 */
public record Conclusion(String workload, String verdict, String sentence) {}
