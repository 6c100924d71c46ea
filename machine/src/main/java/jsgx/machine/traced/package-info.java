/** Supervises a program with ptrace: it is stopped at each event and served by the thread that traces it. */
@NullMarked
package jsgx.machine.traced;

import org.jspecify.annotations.NullMarked;
