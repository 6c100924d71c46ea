/** Tests of the EPC, the EPCM's locks and what is kept for each enclave. */
@NullMarked
package jsgx.arch.epc;

import org.jspecify.annotations.NullMarked;
