/** What the supervision of a program offers to those who serve it, and what it asks of them. */
@NullMarked
package jsgx.machine.task;

import org.jspecify.annotations.NullMarked;
