/** Supervision without a tracer in the steady state: a stub in the program passes on to Java what it cannot serve itself. */
@NullMarked
package jsgx.machine.fast;

import org.jspecify.annotations.NullMarked;
