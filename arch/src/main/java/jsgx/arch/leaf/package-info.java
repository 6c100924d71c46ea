/** The leaf functions, a class each, to be read beside the manual's pages. */
@NullMarked
package jsgx.arch.leaf;

import org.jspecify.annotations.NullMarked;
