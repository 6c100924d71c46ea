/** Workloads: generated from parameters that people write, or recorded. */
@NullMarked
package jsgx.study.workload;

import org.jspecify.annotations.NullMarked;
