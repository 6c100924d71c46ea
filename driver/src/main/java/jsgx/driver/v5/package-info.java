/** The interface of the v5 patch series: /dev/sgx, with a launch enclave inside the kernel. */
@NullMarked
package jsgx.driver.v5;

import org.jspecify.annotations.NullMarked;
