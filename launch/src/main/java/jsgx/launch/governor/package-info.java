/** The launch authority: policy and revocations before any token, the placement of tokens, and what runs. */
@NullMarked
package jsgx.launch.governor;

import org.jspecify.annotations.NullMarked;
