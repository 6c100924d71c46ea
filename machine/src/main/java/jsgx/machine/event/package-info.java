/** What happened in a run, for traces and statistics. */
@NullMarked
package jsgx.machine.event;

import org.jspecify.annotations.NullMarked;
