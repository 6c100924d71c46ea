/** What those who run a program need of SGX: devices, address spaces that map them, and threads that enter enclaves. Who serves it may be another process. */
@NullMarked
package jsgx.machine.sgx;

import org.jspecify.annotations.NullMarked;
