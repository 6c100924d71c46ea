/** One workload under one design, in virtual time. */
@NullMarked
package jsgx.study.simulation;

import org.jspecify.annotations.NullMarked;
