/** SGX of this process: its driver and its processor serve the run. */
@NullMarked
package jsgx.machine.embedded;

import org.jspecify.annotations.NullMarked;
