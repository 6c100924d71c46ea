package jsgx.machine.enclave;

/**
 * Where the vDSO of a program has what the kernel's exception table names.
 *
 * @param enclu the address of the ENCLU of __vdso_sgx_enter_enclave
 * @param fixup where the thread goes on after an exception at that instruction
 */
public record Vdso(long enclu, long fixup) {}
