/** The driver's socket: front ends connect to it, and each gets the processor for its own enclaves. */
@NullMarked
package jsgx.host.session;

import org.jspecify.annotations.NullMarked;
