package jsgx.machine.code;

/**
 * Places in {@code __vdso_sgx_enter_enclave} that whoever serves exceptions must know. They are the same for every kernel, with a stub and without.
 *
 * @param enterEnclave the function
 * @param enclu its ENCLU, which is the asynchronous exit pointer too: an exception here is fixed up
 * @param afterEnclu where it goes on after EEXIT; behind the ENCLU, whose end EENTER gives in RCX, there is nothing else up to here
 * @param fixup where a fixed up exception goes on, with the leaf in EAX, the vector in DI, the error code in SI, the address in RDX
 */
public record VdsoAddresses(long enterEnclave, long enclu, long afterEnclu, long fixup) {}
