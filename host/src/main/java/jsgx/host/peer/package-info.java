/** Who is at the other end of a socket, as the kernel says, and whom that is charged to. */
@NullMarked
package jsgx.host.peer;

import org.jspecify.annotations.NullMarked;
