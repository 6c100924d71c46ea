/** Tests of the driver from the outside, and what they share: a machine, a process, a plan of an enclave. */
@NullMarked
package jsgx.driver;

import org.jspecify.annotations.NullMarked;
