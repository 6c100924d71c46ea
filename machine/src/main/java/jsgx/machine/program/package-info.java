/** A run: its processes and threads, and the system calls that are served for them. */
@NullMarked
package jsgx.machine.program;

import org.jspecify.annotations.NullMarked;
