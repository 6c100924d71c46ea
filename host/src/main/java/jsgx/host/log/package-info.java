/** What a host logs: lines for people or for machines, in which nothing from outside can pass for a line of its own. */
@NullMarked
package jsgx.host.log;

import org.jspecify.annotations.NullMarked;
