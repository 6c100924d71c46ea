/** The Linux SGX driver: enclaves, EPC allocation and reclaim, and the three ioctl interfaces. */
@NullMarked
package jsgx.driver;

import org.jspecify.annotations.NullMarked;
