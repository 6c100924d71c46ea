/** What happened on some hosts, in order of time: launches, reboots, and what makes tokens stale. */
@NullMarked
package jsgx.study.trace;

import org.jspecify.annotations.NullMarked;
