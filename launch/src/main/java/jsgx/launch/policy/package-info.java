/** Who may launch: rules, quotas and revocations. */
@NullMarked
package jsgx.launch.policy;

import org.jspecify.annotations.NullMarked;
