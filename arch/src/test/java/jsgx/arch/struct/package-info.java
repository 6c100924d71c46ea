/** Checks of the structures against the manual's offsets and against real artefacts. */
@NullMarked
package jsgx.arch.struct;

import org.jspecify.annotations.NullMarked;
