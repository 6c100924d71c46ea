/** Benchmarks, each with its limit or its peer measured in the same run. */
@NullMarked
package jsgx.bench;

import org.jspecify.annotations.NullMarked;
