/**
 * The SGX processor: a package, its logical processors, and the leaf functions of ENCLS and ENCLU that run on them.
 * {@link jsgx.arch.Encls} and {@link jsgx.arch.Enclu} are the way in.
 */
@NullMarked
package jsgx.arch;

import org.jspecify.annotations.NullMarked;
