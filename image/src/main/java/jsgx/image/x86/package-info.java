/** Machine code: a small encoder for the x86-64 instructions that the enclaves of this project are made of. */
@NullMarked
package jsgx.image.x86;

import org.jspecify.annotations.NullMarked;
