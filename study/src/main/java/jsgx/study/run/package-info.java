/** Running a study: its cells, on how many threads and in how many shards ever, and the file that keeps what they came to. */
@NullMarked
package jsgx.study.run;

import org.jspecify.annotations.NullMarked;
