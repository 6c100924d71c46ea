/** The AESM socket: launch tokens and the white list for programs that know Intel's aesmd. */
@NullMarked
package jsgx.host.aesm;

import org.jspecify.annotations.NullMarked;
