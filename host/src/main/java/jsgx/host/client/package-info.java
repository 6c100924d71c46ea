/** A daemon of this machine as its clients see it: where it is, and how one speaks to it over its driver's socket. */
@NullMarked
package jsgx.host.client;

import org.jspecify.annotations.NullMarked;
