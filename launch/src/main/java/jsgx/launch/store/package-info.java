/** The user's tokens: a file that outlives process and reboot, and the cache in front of it. */
@NullMarked
package jsgx.launch.store;

import org.jspecify.annotations.NullMarked;
