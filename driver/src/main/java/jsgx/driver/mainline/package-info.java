/** The interface of Linux 5.11 and later: /dev/sgx_enclave, /dev/sgx_provision and /dev/sgx_vepc. */
@NullMarked
package jsgx.driver.mainline;

import org.jspecify.annotations.NullMarked;
