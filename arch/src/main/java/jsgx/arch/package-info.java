/** The SGX processor: its structures, leaves, keys and EPC, as the manual describes them. */
@NullMarked
package jsgx.arch;

import org.jspecify.annotations.NullMarked;
