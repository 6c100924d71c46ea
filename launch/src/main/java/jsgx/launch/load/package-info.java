/** What a user-space loader does: builds an enclave through a driver's interface, and enters it. */
@NullMarked
package jsgx.launch.load;

import org.jspecify.annotations.NullMarked;
