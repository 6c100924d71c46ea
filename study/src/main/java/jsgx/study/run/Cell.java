package jsgx.study.run;

import jsgx.study.design.Design;

/**
 * The least piece of a study: one workload under one design with one seed.
 *
 * @param index its place in the study, from 0: shards and files go by it
 * @param workload number of the workload in its plan
 */
public record Cell(int index, int workload, Design design, long seed) {}
