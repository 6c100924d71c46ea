/** How enclave code executes natively: ENCLU, the exceptions inside and outside enclaves, CPUID. */
@NullMarked
package jsgx.machine.enclave;

import org.jspecify.annotations.NullMarked;
