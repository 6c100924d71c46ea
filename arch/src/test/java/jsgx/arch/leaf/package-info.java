/** Tests of the leaf functions: each check of each leaf fires, in the manual's order, with its fault or code. */
@NullMarked
package jsgx.arch.leaf;

import org.jspecify.annotations.NullMarked;
