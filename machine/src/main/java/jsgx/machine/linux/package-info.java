/** What jsgx needs of Linux on x86-64 beyond the JDK: system calls, memory of other processes, shared memory, filters. */
@NullMarked
package jsgx.machine.linux;

import org.jspecify.annotations.NullMarked;
