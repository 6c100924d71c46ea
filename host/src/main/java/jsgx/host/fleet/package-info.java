/** What hosts share: policy, revocations, tokens and the stream of their audit trails, in an engine or in the state folder of one. */
@NullMarked
package jsgx.host.fleet;

import org.jspecify.annotations.NullMarked;
