/** The enclave page cache, its map and what the processor keeps for each enclave in it. */
@NullMarked
package jsgx.arch.epc;

import org.jspecify.annotations.NullMarked;
