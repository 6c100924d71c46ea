/** What this machine has of that which jsgx, and enclaves on real hardware, need. */
@NullMarked
package jsgx.cli.doctor;

import org.jspecify.annotations.NullMarked;
