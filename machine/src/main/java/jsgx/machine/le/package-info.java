/** Runs a launch enclave's own code, in a program of our own that is supervised as any other. */
@NullMarked
package jsgx.machine.le;

import org.jspecify.annotations.NullMarked;
