/** The state folder of a host: whose it is, what wrote it, its backup. */
@NullMarked
package jsgx.host.state;

import org.jspecify.annotations.NullMarked;
