/** Launch control: the launch enclave, its tokens, and who may launch what. */
@NullMarked
package jsgx.launch;

import org.jspecify.annotations.NullMarked;
