/** Runs unmodified programs that expect SGX. */
@NullMarked
package jsgx.machine;

import org.jspecify.annotations.NullMarked;
